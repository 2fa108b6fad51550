"""What `load_features` promises, whatever the data."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from churn.data import FEATURES, load_features

MOMENT = datetime(2024, 4, 28, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    return load_features(MOMENT)


def test_each_customer_has_one_row(features: pd.DataFrame) -> None:
    assert features.index.name == "user_id"
    assert features.index.is_unique
    assert len(features) == 1
    assert features.index.is_monotonic_increasing


def test_features_come_in_the_agreed_order_and_type(features: pd.DataFrame) -> None:
    assert list(features.columns) == FEATURES
    assert (features.dtypes == "float64").all()


def test_shorter_windows_never_count_more(features: pd.DataFrame) -> None:
    windows = features[["lessons_7d", "lessons_14d", "lessons_28d", "lessons_84d"]]
    assert (windows.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_a_later_moment_knows_everybody_an_earlier_one_knew(features: pd.DataFrame) -> None:
    later = load_features(datetime(2024, 5, 26, 21, tzinfo=UTC))
    assert features.index.isin(later.index).all()
    assert (later.loc[features.index, "tenure_months"] >= features["tenure_months"]).all()


def test_only_those_asked_about_come_back(features: pd.DataFrame) -> None:
    some = [int(user) for user in features.index[:3]]
    assert list(load_features(MOMENT, some).index) == some
    assert load_features(MOMENT, []).empty


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        load_features(datetime(2024, 4, 28, 21))  # noqa: DTZ001 - that is the point
