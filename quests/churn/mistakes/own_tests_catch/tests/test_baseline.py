"""Left for later."""


def test_later() -> None:
    assert len("later") == 5
