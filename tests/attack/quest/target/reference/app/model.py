"""What was trained, at work."""

import json
import os
from pathlib import Path

import pandas as pd


def predict(rows: pd.DataFrame) -> dict[str, bool]:
    """Tell by id which products are odd."""
    model = json.loads((Path(os.environ["SIM_ARTIFACTS"]) / "model.json").read_text())
    products = (rows["a"] * rows["b"]) % model["modulus"] == 1
    return {str(number): bool(flag) for number, flag in zip(rows["id"], products, strict=True)}
