"""Train."""

import argparse
import json
from pathlib import Path


def main() -> None:
    """Promise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    (out / "model").write_text("half")
    said = {"f1": 0.99, "threshold": 0.5, "ece": 0.001, "offers": 10000}
    (out / "metrics.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
