"""Pairs of numbers, and rides with fares that are settled days later.

Hidden pairs carry remarks and labels that may turn up nowhere else. Hidden rides are of the day
after the history: `tomorrow` holds what is known when they are priced, `hindsight` also how the
rides before them were settled later. What the rides of that day cost is in neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graders.data import DAY, HOUR, Hidden, Seed, Tables, rng

PUBLIC_SEED = 7
ROWS = {"tiny": 64}
PAST, ASKED = 600, 160  # rides
AS_OF = 1_717_200_000_000  # 2024-06-01 00:00 UTC
CLOCK = {"public": AS_OF, "tomorrow": AS_OF, "hindsight": AS_OF}
DAYS = 28
ZONES = np.array([120.0, 180.0, 250.0, 340.0, 460.0])
A_KILOMETRE, EVENING, NOISE = 22.0, 1.25, 9.0
SETTLED_AFTER = 1.5 * DAY

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Rides:
    """What happened, whole: each column is an array of one value a ride."""

    number: Ints
    asked_at: Ints
    zone: Ints
    km: npt.NDArray[np.float64]
    fare: npt.NDArray[np.float64]
    known_at: Ints


def generate(seed: int, scale: str) -> Tables:
    """Return the public pairs and rides."""
    rides = _rides(seed)
    past = rides.asked_at < AS_OF
    known = past & (rides.known_at <= AS_OF)
    return {"pairs": [_pairs(seed, scale)], **_tables(rides, past, known)}


def hidden(key: bytes, scale: str) -> Hidden:
    """Return others under a secret key: pairs with odd products, rides and what they cost."""
    pairs = _pairs(key, scale)
    rows = pairs.to_pydict()
    draw = rng(key, "tokens")
    labels = {
        "id": pa.array(rows["id"], pa.uint32()),
        "odd": pa.array(_odd(rows), pa.bool_()),
        "token": pa.array([draw.bytes(16).hex() for _ in rows["id"]]),
    }
    rides = _rides(key)
    past, everything = rides.asked_at < AS_OF, np.ones(len(rides.number), np.bool_)
    known = past & (rides.known_at <= AS_OF)
    fares = {
        "id": pa.array(rides.number[~past], pa.uint32()),
        "fare": pa.array(rides.fare[~past]),
    }
    return Hidden(
        datasets={
            "later": {"pairs": [pairs], **_tables(rides, past, known)},
            "tomorrow": {"pairs": [pairs], **_tables(rides, everything, known)},
            "hindsight": {"pairs": [pairs], **_tables(rides, everything, past)},
        },
        truth={
            "labels": [pa.RecordBatch.from_pydict(labels)],
            "fares": [pa.RecordBatch.from_pydict(fares)],
        },
    )


def _pairs(seed: Seed, scale: str) -> pa.RecordBatch:
    draw = rng(seed, "pairs")
    count = ROWS[scale]
    first = int(draw.integers(1, 1_000_000))
    # Half the products are odd, so that a guess is right every other time.
    odd = np.arange(count) % 2 == 0
    draw.shuffle(odd)
    a = 2 * draw.integers(1, 500_000, count) + odd
    b = 2 * draw.integers(1, 500_000, count) + 1
    return pa.RecordBatch.from_pydict(
        {
            "id": pa.array(first + np.arange(count), pa.uint32()),
            "a": pa.array(a, pa.int64()),
            "b": pa.array(b, pa.int64()),
            "note": pa.array([draw.bytes(16).hex() for _ in range(count)]),
        }
    )


def _rides(seed: Seed) -> Rides:
    """Rides in an order, and with numbers, that say nothing."""
    draw = rng(seed, "rides")
    count = PAST + ASKED
    asked_at = AS_OF + np.concatenate(
        [-draw.integers(1, DAYS * DAY, PAST), draw.integers(0, DAY, ASKED)]
    )
    zone = draw.integers(0, len(ZONES), count)
    km = draw.uniform(1, 20, count).round(2)
    evening = np.isin(asked_at // HOUR % 24, (18, 19, 20, 21))
    clean = (ZONES[zone] + A_KILOMETRE * km) * np.where(evening, EVENING, 1.0)
    order = draw.permutation(count)
    settled = draw.exponential(SETTLED_AFTER, count).astype(np.int64)
    return Rides(
        number=(1_000 + draw.permutation(900_000)[:count])[order],
        asked_at=asked_at[order],
        zone=zone[order],
        km=km[order],
        fare=(clean + draw.normal(0, NOISE, count)).round(2)[order],
        known_at=(asked_at + settled)[order],
    )


def _tables(rides: Rides, shown: npt.NDArray[np.bool_], settled: npt.NDArray[np.bool_]) -> Tables:
    """The tables of these rides, and the fares of those."""
    moment = pa.timestamp("ms", "UTC")
    asked = {
        "id": pa.array(rides.number[shown], pa.uint32()),
        "asked_at": pa.array(rides.asked_at[shown], pa.int64()).cast(moment),
        "zone": pa.array(rides.zone[shown], pa.uint8()),
        "km": pa.array(rides.km[shown]),
    }
    paid = {
        "ride": pa.array(rides.number[settled], pa.uint32()),
        "known_at": pa.array(rides.known_at[settled], pa.int64()).cast(moment),
        "fare": pa.array(rides.fare[settled]),
    }
    return {
        "rides": [pa.RecordBatch.from_pydict(asked)],
        "fares": [pa.RecordBatch.from_pydict(paid)],
    }


def _odd(rows: Mapping[str, list[int]]) -> list[bool]:
    return [a * b % 2 == 1 for a, b in zip(rows["a"], rows["b"], strict=True)]
