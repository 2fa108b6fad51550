"""The generator of the pricing quest, loaded from its file as the judge loads it."""

import hashlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow as pa

from graders.data import Tables
from graders.loading import load_module

ROOT = Path(__file__).resolve().parents[2]
KEY = b"a key that only this test knows."


@cache
def generator() -> ModuleType:
    """Return quests/pricing/data.py as a module."""
    return load_module(ROOT / "quests/pricing/data.py", name="data_of_pricing_tests")


@cache
def public() -> dict[str, pd.DataFrame]:
    """Return the public tables at scale tiny."""
    return read(generator().generate(generator().PUBLIC_SEED, "tiny"))


@cache
def hidden() -> Any:
    """Return the hidden data at scale tiny under `KEY`."""
    return generator().hidden(KEY, "tiny")


def read(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return tables as frames, words as plain text."""
    return {name: pa.Table.from_batches(list(rows)).to_pandas() for name, rows in tables.items()}


def digests(tables: Tables) -> dict[str, str]:
    """Return the SHA-256 of every table's bytes."""
    found = {}
    for name, batches in tables.items():
        total = hashlib.sha256()
        for batch in batches:
            total.update(batch.serialize())
        found[name] = total.hexdigest()
    return found


if __name__ == "__main__":
    for name, digest in sorted(digests(generator().generate(int(sys.argv[1]), "tiny")).items()):
        sys.stdout.write(f"{name} {digest}\n")
    for name, tables in hidden().datasets.items():
        sys.stdout.write(f"{name} {sorted(digests(tables).items())}\n")
    sys.stdout.write(f"truth {sorted(digests(hidden().truth).items())}\n")
