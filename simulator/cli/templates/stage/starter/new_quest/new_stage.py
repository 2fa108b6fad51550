"""What the new stage adds."""


def double(values: list[float]) -> list[float]:
    """Twice each number, in the order asked."""
    raise NotImplementedError
