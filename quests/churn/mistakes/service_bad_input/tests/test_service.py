"""One question, asked by hand and written down."""

URL = "/v1/decide"


def test_the_address_is_agreed() -> None:
    assert URL.startswith("/v1/")
