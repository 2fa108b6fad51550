"""What the operator asks for is made or refused in one sentence."""

import pytest

from sandbox import shells
from sandbox.shell import ShellError


@pytest.mark.parametrize("rooms", ["", "auto", "nested"])
def test_rooms_that_can_be_made_are_made(rooms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_ROOMS", rooms)
    monkeypatch.delenv("SANDBOX_RUNTIME", raising=False)
    assert shells.choose("bubblewrap", runtime="python-ml").rooms == "nested"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SANDBOX_ROOMS", "container", "SANDBOX_ROOMS=container: here, bubblewrap makes nested"),
        ("SANDBOX_RUNTIME", "runsc", "SANDBOX_RUNTIME=runsc: it starts container rooms"),
    ],
)
def test_what_cannot_be_made_is_refused(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX_ROOMS", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(ShellError, match=said):
        shells.choose("bubblewrap", runtime="python-ml")
