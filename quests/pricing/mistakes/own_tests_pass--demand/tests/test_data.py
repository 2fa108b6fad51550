from datetime import UTC, datetime, timedelta

import pytest
import simkit

from pricing.data import COLUMNS, load_cells


def last_hours(hours: int) -> tuple[datetime, datetime]:
    now = simkit.now()
    return now - timedelta(hours=hours), now


def test_every_zone_has_every_quarter_hour() -> None:
    cells = load_cells(*last_hours(6))
    assert list(cells.columns) == COLUMNS
    assert (cells.groupby("zone_id").size() == 23).all()


def test_requests_are_sessions() -> None:
    begin, end = last_hours(24)
    cells = load_cells(begin, end)
    sql = "SELECT uniqExact(session_id) AS n FROM quotes WHERE quoted_at >= {a:DateTime('UTC')}"
    sessions = simkit.query(sql, {"a": begin})["n"].iloc[0]
    assert cells["requests"].sum() == pytest.approx(sessions, rel=0.01)


def test_the_hour_before_is_the_sum_of_four_cells() -> None:
    cells = load_cells(*last_hours(12))
    zone = cells[cells["zone_id"] == cells["zone_id"].iloc[0]].reset_index(drop=True)
    assert zone["requests_prev_60m"].iloc[8] == zone["requests"].iloc[4:8].sum()
    assert zone["requests_prev_15m"].iloc[8] == zone["requests"].iloc[7]


def test_a_window_does_not_move_the_numbers() -> None:
    begin, end = last_hours(3)
    wide = load_cells(begin - timedelta(hours=9), end)
    narrow = load_cells(begin, end)
    both = narrow.merge(wide, on=["zone_id", "step_at"], suffixes=("", "_wide"))
    assert (both["requests_prev_60m"] == both["requests_prev_60m_wide"]).all()


def test_clocks_of_two_cities_are_two_hours_apart() -> None:
    cells = load_cells(*last_hours(1))
    hours = cells.groupby("tz")["local_hour"].first()
    assert (hours["Asia/Yekaterinburg"] - hours["Europe/Moscow"]) % 24 == 2


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (datetime(2024, 6, 1), datetime(2024, 6, 2)),
        (datetime(2024, 6, 2, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)),
    ],
)
def test_unclear_moments_are_refused(begin: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="begin"):
        load_cells(begin, end)
