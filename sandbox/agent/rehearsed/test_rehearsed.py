"""A suite of ours that passes: parametrized, with fixtures, marks and what else suites use."""

import pytest


@pytest.fixture
def numbers() -> list[int]:
    """Give something to test."""
    return [3, 1, 2]


@pytest.mark.parametrize(("count", "expected"), [(1, [3]), (2, [3, 2])])
def test_parametrized(numbers: list[int], count: int, expected: list[int]) -> None:
    assert sorted(numbers, reverse=True)[:count] == expected


def test_raises() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        int("three")


def test_is_close() -> None:
    total = 0.1 + 0.2
    assert total == pytest.approx(0.3)


def test_patches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("REHEARSED", "1")
    print("said")
    assert capsys.readouterr().out == "said\n"
