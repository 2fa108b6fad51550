"""Sums, told apart."""

import pytest
from app.solution import add


@pytest.mark.parametrize(("a", "b", "total"), [(2, 3, 5), (4, -1, 3), (0, 0, 0)])
def test_it_adds(a: int, b: int, total: int) -> None:
    assert add(a, b) == total
