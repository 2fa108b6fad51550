"""What the rules of today earn: ``python -m matching.baseline --out DIR``.

To write: ``DIR/baselines.json``, see the brief.
"""


def main() -> None:
    """Count and write."""
    raise NotImplementedError("baseline: stage 'The price of an error'")


if __name__ == "__main__":
    main()
