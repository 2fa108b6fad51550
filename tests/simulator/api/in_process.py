"""Carry the command's requests to the site in this process: the real API, without a socket."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
from asgiref.sync import async_to_sync
from django.test import AsyncClient

Refuse = Callable[[httpx.Request], httpx.Response | Exception | None]


class InProcess(httpx.BaseTransport):
    """A transport into the site; `refuse` may answer in its place, or break the connection."""

    def __init__(self, refuse: Refuse = lambda _: None) -> None:
        self.refuse = refuse
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        refused = self.refuse(request)
        if isinstance(refused, Exception):
            raise refused
        if refused is not None:
            return refused
        return async_to_sync(_answer)(request)


async def _answer(request: httpx.Request) -> httpx.Response:
    own = {"host", "content-length"}  # the client below writes them itself
    headers = {name: value for name, value in request.headers.items() if name not in own}
    answer: Any = await AsyncClient().generic(
        request.method,
        request.url.raw_path.decode(),
        request.read(),
        content_type=headers.pop("content-type", "application/octet-stream"),
        headers=headers,
    )
    content = b"".join([piece async for piece in answer]) if answer.streaming else answer.content
    return httpx.Response(answer.status_code, headers=dict(answer.items()), content=content)


def sse(*events: tuple[str, str, str]) -> httpx.Response:
    """A stream of events: name, place, JSON."""
    text = "".join(f"event: {name}\nid: {at}\ndata: {data}\n\n" for name, at, data in events)
    return httpx.Response(200, content=text.encode())


def breaking(*events: tuple[str, str, str]) -> httpx.Response:
    """As `sse`, and then the connection breaks."""

    def pieces() -> Iterator[bytes]:
        for name, at, data in events:
            yield f"event: {name}\nid: {at}\ndata: {data}\n\n".encode()
        raise httpx.ReadError("the line is cut")

    return httpx.Response(200, stream=_Stream(pieces()))


class _Stream(httpx.SyncByteStream):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces
