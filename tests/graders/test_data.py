"""The author's toolkit for data: streams that do not disturb each other, and honest traps."""

import numpy as np
import pandas as pd
import pytest

from graders import data


def draw(stream: str = "here") -> np.random.Generator:
    return data.rng(7, stream)


def test_a_stream_is_the_same_for_the_same_seed_and_differs_for_another() -> None:
    first = data.rng(1, "a").random(5)
    assert (data.rng(1, "a").random(5) == first).all()
    assert (data.rng(1, "b").random(5) != first).all()
    assert (data.rng(2, "a").random(5) != first).all()


def test_a_key_draws_from_streams_of_its_own() -> None:
    key = b"0123456789abcdef"
    first = data.rng(key, "a").random(5)
    assert (data.rng(key, "a").random(5) == first).all()
    assert (data.rng(key, "b").random(5) != first).all()
    assert (data.rng(b"0123456789abcdeg", "a").random(5) != first).all()
    number = int.from_bytes(key, "big")
    assert (data.rng(number, "a").random(5) != first).all()


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes, this one has 15"):
        data.rng(b"0123456789abcde", "a")


def test_repeated_rows_come_later_and_leave_the_originals_alone() -> None:
    frame = pd.DataFrame({"key": np.arange(20_000), "ingested_at": np.arange(20_000) * 10})
    twice = data.dup(frame, draw(), rate=0.05)
    pd.testing.assert_frame_equal(twice.head(20_000), frame)
    copies = twice[20_000:]
    assert len(copies) / 20_000 == pytest.approx(0.05, abs=0.005)
    original = frame.set_index("key").ingested_at.loc[copies.key].to_numpy()
    delay = copies.ingested_at.to_numpy() - original
    assert delay.min() >= data.MINUTE
    assert delay.max() <= 24 * data.HOUR


def test_late_rows_take_hours_and_the_others_a_minute() -> None:
    when = np.zeros(50_000, dtype=np.int64)
    delay = data.late(when, draw(), rate=0.1, max_hours=10)
    assert delay.min() > 0
    assert (delay > data.MINUTE).mean() == pytest.approx(0.1, abs=0.01)
    assert delay.max() == 10 * data.HOUR


def test_local_time_shifts_only_the_rows_of_the_bug() -> None:
    when = np.array([0, 0, 0], dtype=np.int64)
    shifted = data.tz_bug(when, np.array([3, 5, 7]), where=np.array([True, False, True]))
    assert shifted.tolist() == [3 * data.HOUR, 0, 7 * data.HOUR]


def test_another_unit_multiplies_a_share_of_the_values() -> None:
    values = np.ones(50_000)
    found = data.unit_bug(values, draw(), factor=100, rate=0.02)
    assert set(found) == {1.0, 100.0}
    assert (found == 100).mean() == pytest.approx(0.02, abs=0.003)
    assert (values == 1).all()


def test_values_are_missing_more_often_where_the_cause_is_high() -> None:
    cause = draw("cause").random(50_000)
    missing = data.null(draw(), rate=0.2, mar=cause)
    assert missing.mean() == pytest.approx(0.2, abs=0.01)
    assert missing[cause > 0.8].mean() > 4 * missing[cause < 0.2].mean()


def test_there_is_always_somebody_of_the_staff() -> None:
    assert data.test_rows(10, draw(), rate=0.003).sum() == 1
    assert data.test_rows(10_000, draw(), rate=0.003).sum() == 30


def test_a_leak_gives_the_label_away() -> None:
    label = np.arange(10_000) % 2 == 0
    found = data.leak(label, draw(), if_true=2.2, if_false=0.05)
    assert found[label].mean() == pytest.approx(2.2, abs=0.1)
    assert found[~label].mean() == pytest.approx(0.05, abs=0.02)
