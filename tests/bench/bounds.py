"""What figures may be: on a machine that does nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The least and the most that a figure may be."""

    least: float = float("-inf")
    most: float = float("inf")

    def holds(self, value: float) -> bool:
        """Tell whether a figure keeps to it."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least == float("-inf"):
            return f"at most {self.most:g}"
        if self.most == float("inf"):
            return f"at least {self.least:g}"
        return f"{self.least:g} to {self.most:g}"
