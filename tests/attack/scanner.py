"""Looks for tokens in what a learner can fetch, also in simple disguises."""

import base64
from collections.abc import Iterator, Mapping


def leaks(surfaces: Mapping[str, bytes], tokens: Mapping[str, str]) -> list[str]:
    """Say which token is in which text: nothing, when all is well."""
    wanted = {name: tuple(disguises(token)) for name, token in tokens.items()}
    return [
        f"{where} shows the token of {name}"
        for where, content in surfaces.items()
        for name, forms in wanted.items()
        if any(form in content for form in forms)
    ]


def disguises(token: str) -> Iterator[bytes]:
    """A token as it is, in capitals, backwards, in hexadecimal, in base64 at any place."""
    raw = token.encode()
    yield raw
    yield token.upper().encode()
    yield raw[::-1]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    try:
        plain = bytes.fromhex(token)
    except ValueError:
        plain = b""
    for content in filter(None, (raw, plain)):
        for before in range(3):
            yield _inner_base64(content, before)
    if plain:
        yield plain


def _inner_base64(content: bytes, before: int) -> bytes:
    """The part of its base64 that does not depend on its neighbours."""
    coded = base64.b64encode(bytes(before) + content)
    first = -(-8 * before // 6) if before else 0
    return coded[first : 8 * (before + len(content)) // 6]
