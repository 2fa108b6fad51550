"""What an author's ``data.py`` may import: seeded randomness, the traps, the types it returns.

Every draw names its *stream*, so adding a column never shifts another one. A public seed is an
integer; hidden data is drawn under a secret key, whose streams have nothing in common with those
of any integer. The traps are the small lies that real warehouses tell: each function returns new
data and leaves what it was given alone. Times are ``int64`` milliseconds since 1970, UTC.
"""

import hashlib
import hmac
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Seed = int | bytes
"""An integer for public data; a secret key of at least 16 bytes for hidden data."""

Tables = Mapping[str, Iterable[pa.RecordBatch]]
"""Tables by name; each yields batches of one schema, of at most `BATCH_ROWS` rows, in order."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BATCH_ROWS = 500_000
SHOWN = {"shown": "to rooms"}
"""Metadata of a field of the truth that rooms are shown: what a rollout's world lets be seen."""
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_KEY_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Data that a learner's code meets only in a hidden phase, and what the judge knows of it.

    Each of `datasets` may be shown, whole, to a room: it holds no label that is judged. `truth`
    (labels, latents, reference answers) never leaves the judge.
    """

    datasets: Mapping[str, Tables]
    truth: Tables


def rng(seed: Seed, stream: str) -> np.random.Generator:
    """Return the generator of a stream: the same for one seed and stream, on every run.

    Raises ValueError for a key under 16 bytes: it could be guessed.
    """
    if isinstance(seed, int):
        return np.random.default_rng([seed, zlib.crc32(stream.encode())])
    if len(seed) < _KEY_BYTES:
        raise ValueError(f"a secret key has at least {_KEY_BYTES} bytes, this one has {len(seed)}")
    digest = hmac.new(seed, stream.encode(), hashlib.sha256).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "big")))


def dup(
    frame: pd.DataFrame,
    draw: np.random.Generator,
    *,
    rate: float = 0.015,
    ingested: str = "ingested_at",
    max_hours: float = 24.0,
) -> pd.DataFrame:
    """Repeat a share of the rows, the copy ingested later: a client that retries."""
    again = np.flatnonzero(draw.random(len(frame)) < rate)
    copies = frame.iloc[again].copy()
    delay = draw.integers(MINUTE, int(max_hours * HOUR), len(again))
    copies[ingested] = copies[ingested].to_numpy() + delay
    return pd.concat([frame, copies], ignore_index=True)


def late(
    event_ts: Ints,
    draw: np.random.Generator,
    *,
    rate: float = 0.03,
    mean_hours: float = 6.0,
    max_hours: float = 72.0,
) -> Ints:
    """Say when rows were ingested: within a minute, but a share of them hours later."""
    delay = draw.integers(200, MINUTE, len(event_ts))
    slow = np.minimum(draw.exponential(mean_hours * HOUR, len(event_ts)), max_hours * HOUR)
    is_late = draw.random(len(event_ts)) < rate
    return event_ts + np.where(is_late, np.maximum(slow.astype(np.int64), MINUTE), delay)


def tz_bug(event_ts: Ints, offset_hours: Ints | Floats, *, where: Flags) -> Ints:
    """Write local time into a UTC column, as one client version does: off by the offset."""
    shift = (np.asarray(offset_hours) * HOUR).astype(np.int64)
    return event_ts + np.where(where, shift, 0)


def unit_bug(
    values: Floats, draw: np.random.Generator, *, factor: float, rate: float = 0.012
) -> Floats:
    """Put a share of the values in another unit (kopecks, minutes): times `factor`."""
    return np.where(draw.random(len(values)) < rate, values * factor, values)


def null(draw: np.random.Generator, *, rate: float, mar: Floats | Ints) -> Flags:
    """Choose the missing values: `rate` on average, likelier where `mar` is high.

    Missing at random given `mar`, never completely at random: the chance grows with the rank.
    """
    rank = pd.Series(np.asarray(mar)).rank(pct=True).to_numpy()
    chance = np.clip(2.0 * rate * rank, 0.0, 1.0)
    flags: Flags = draw.random(len(rank)) < chance
    return flags


def test_rows(count: int, draw: np.random.Generator, *, rate: float) -> Flags:
    """Choose which units are staff and robots: a share of them, at least one."""
    chosen = np.zeros(count, dtype=np.bool_)
    chosen[draw.permutation(count)[: max(1, round(rate * count))]] = True
    return chosen


test_rows.__test__ = False  # type: ignore[attr-defined]  # pytest: this is not a test


def leak(label: Flags, draw: np.random.Generator, *, if_true: float, if_false: float) -> Ints:
    """Count what is filled in after the label is known, and so gives it away."""
    counts: Ints = draw.poisson(np.where(label, if_true, if_false)).astype(np.int64)
    return counts
