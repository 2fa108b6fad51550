"""Train the model and say how good it is: ``python -m churn.train --out DIR``."""


def main() -> None:
    """Train, measure on later decisions, save the model."""
    raise NotImplementedError("train: stage 'A model you can count money with'")


if __name__ == "__main__":
    main()
