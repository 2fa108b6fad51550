"""Train the pair model: ``python -m matching.train --out DIR``.

To write: ``DIR/model`` (by `PairModel.save`) and ``DIR/metrics.json``.
"""


def main() -> None:
    """Measure on held-out families, then train on everything that is known and save."""
    raise NotImplementedError("train: stage 'Pairs and a model'")


if __name__ == "__main__":
    main()
