"""The courier's month: parcels, and which of them were late. The same for a seed and scale."""

import numpy as np
import pyarrow as pa

from graders.data import Hidden, Seed, Tables, rng

PUBLIC_SEED = 20_240_601
PARCELS = {"tiny": 600, "default": 4000}


def generate(seed: int, scale: str) -> Tables:
    """The public tables: a month of parcels with their outcomes."""
    parcels, outcomes = _month(seed, PARCELS[scale], first_id=1)
    return {"parcels": [parcels], "outcomes": [outcomes]}


def hidden(key: bytes, scale: str) -> Hidden:
    """Another month, which nobody can draw without the key: its outcomes stay with the judge."""
    parcels, outcomes = _month(key, PARCELS[scale], first_id=1_000_001)
    return Hidden(
        datasets={"later": {"parcels": [parcels], "outcomes": [outcomes.slice(0, 0)]}},
        truth={"outcomes": [outcomes]},
    )


def _month(seed: Seed, count: int, *, first_id: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    ids = np.arange(first_id, first_id + count, dtype=np.uint32)
    km = rng(seed, "km").gamma(2.0, 12.0, count).round(1)
    kg = rng(seed, "kg").gamma(1.5, 6.0, count).round(1)
    risk = 1 / (1 + np.exp(-((km - 30) / 8 + (kg - 12) / 6)))
    late = (rng(seed, "late").random(count) < risk).astype(np.uint8)
    return (
        pa.RecordBatch.from_pydict({"parcel_id": ids, "km": km, "kg": kg}),
        pa.RecordBatch.from_pydict({"parcel_id": ids, "late": late}),
    )
