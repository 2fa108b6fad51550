"""Pairs of numbers; the hidden ones carry remarks and labels that may turn up nowhere else."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from graders.data import Hidden, Seed, Tables, rng

PUBLIC_SEED = 7
ROWS = {"tiny": 64}


def generate(seed: int, scale: str) -> Tables:
    """Return the public pairs."""
    return {"pairs": [_pairs(seed, scale)]}


def hidden(key: bytes, scale: str) -> Hidden:
    """Return other pairs under a secret key, and which of them have an odd product."""
    pairs = _pairs(key, scale)
    rows = pairs.to_pydict()
    draw = rng(key, "tokens")
    truth = {
        "id": pa.array(rows["id"], pa.uint32()),
        "odd": pa.array(_odd(rows), pa.bool_()),
        "token": pa.array([draw.bytes(16).hex() for _ in rows["id"]]),
    }
    labels = pa.RecordBatch.from_pydict(truth)
    return Hidden(datasets={"later": {"pairs": [pairs]}}, truth={"labels": [labels]})


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


def _odd(rows: Mapping[str, list[int]]) -> list[bool]:
    return [a * b % 2 == 1 for a, b in zip(rows["a"], rows["b"], strict=True)]
