"""The strict reader of a stranger's HTTP: what it reads, what it refuses, and that it ends."""

import random

import pytest

from sandbox.agent.http1 import (
    LONGEST_HEAD,
    MOST_CHUNKS,
    MOST_HEADERS,
    MOST_INTERIM,
    RULES,
    Broken,
    Reply,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MOST = 1000
ROUNDS = 3_000


def read(data: bytes, *, method: str = "GET", at_once: int = 0, closed: bool = True) -> Reply:
    """Feed an answer, whole or in pieces, and close the connection unless it is complete."""
    reply = Reply(method=method, most_body=MOST)
    step = at_once or max(1, len(data))
    for start in range(0, len(data), step):
        reply.feed(data[start : start + step])
    if closed and not reply.complete:
        reply.end()
    return reply


@pytest.mark.parametrize("at_once", [0, 1, 7])
@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (OK + b"Content-Length: 4\r\n\r\nwell", 200, b"well"),
        (OK + b"content-length:4\r\nContent-Length: 4\r\n\r\nwell", 200, b"well"),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
        (OK + b"\r\nuntil it closes", 200, b"until it closes"),
        (b"HTTP/1.0 500 \r\n\r\n", 500, b""),
        (b"HTTP/1.1 200\r\n\r\n", 200, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 307 Elsewhere\r\nLocation: http://10.0.0.1/\r\n\r\n", 307, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", 200, b"x"),
        (CHUNKED + b"3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
        (CHUNKED + b"0\r\nX-Trailer: 1\r\n\r\n", 200, b""),
    ],
)
def test_an_answer_is_read_however_it_is_cut(
    data: bytes, status: int, body: bytes, at_once: int
) -> None:
    reply = read(data, at_once=at_once)
    assert (reply.complete, reply.status, bytes(reply.body)) == (True, status, body)


def test_headers_have_lower_names_and_no_spaces_around_values() -> None:
    reply = read(OK + b"X-Name:  a value \t\r\nX-Other:\r\nContent-Length: 0\r\n\r\n")
    assert reply.headers[:2] == [("x-name", "a value"), ("x-other", "")]


def test_an_answer_to_head_has_no_body() -> None:
    assert read(OK + b"Content-Length: 5\r\n\r\n", method="HEAD").complete


@pytest.mark.parametrize("at_once", [0, 1])
@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "closed-early"),
        (b"<h1>HTTP/0.9</h1>", "not-http"),
        (b"HTTP/2 200 OK\r\n\r\n", "not-http"),
        (b"HTTP/1.1 20x OK\r\n\r\n", "not-http"),
        (b"HTTP/1.1 999 What\r\n\r\n", "not-http"),
        (b"HTTP/1.1  200 OK\r\n\r\n", "not-http"),
        (b"\r\n" + OK + b"\r\n", "not-http"),
        (OK, "closed-early"),
        (b"HTTP/1.1 200 " + b"O" * LONGEST_HEAD, "head-too-long"),
        (OK + b"X: " + b"y" * LONGEST_HEAD + b"\r\n\r\n", "head-too-long"),
        (OK + b"a: 1\r\n" * (MOST_HEADERS + 1) + b"\r\n", "too-many-headers"),
        (OK + b"no colon\r\n\r\n", "bad-header"),
        (OK + b"A: 1\r\n folded\r\n\r\n", "bad-header"),
        (OK + b"A : 1\r\n\r\n", "bad-header"),
        (OK + b"A: 1\0\r\n\r\n", "bad-header"),
        (OK + b"A: 1\nB: 2\r\n\r\n", "bad-header"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * (MOST_INTERIM + 1), "too-many-interim"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "switches-protocol"),
        (OK + b"Content-Length: -1\r\n\r\n", "bad-length"),
        (OK + b"Content-Length: 1_0\r\n\r\n", "bad-length"),
        (OK + b"Content-Length: +4\r\n\r\nwell", "bad-length"),
        (OK + b"Content-Length: 4, 4\r\n\r\nwell", "bad-length"),
        (OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n", "bad-length"),
        (OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nwells", "two-lengths"),
        (CHUNKED[:-2] + b"Content-Length: 4\r\n\r\nwell", "two-lengths"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "bad-coding"),
        (OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n", "bad-coding"),
        (OK + b"Content-Length: 1001\r\n\r\n", "body-too-long"),
        (OK + b"\r\n" + b"x" * 1001, "body-too-long"),
        (CHUNKED + b"ffffffff\r\n", "body-too-long"),
        (CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\n", "body-too-long"),
        (CHUNKED + b"fffffffff\r\n", "bad-chunk"),
        (CHUNKED + b"-1\r\n", "bad-chunk"),
        (CHUNKED + b"0x3\r\nabc\r\n", "bad-chunk"),
        (CHUNKED + b"3\r\nabcd\r\n", "bad-chunk"),
        (CHUNKED + b"3;" + b"x" * 300 + b"\r\n", "bad-chunk"),
        (CHUNKED + b"0\r\n" + b"a: 1\r\n" * (MOST_HEADERS + 1), "too-many-headers"),
        (CHUNKED + b"0\r\nnot a trailer\r\n", "bad-header"),
        (OK + b"Content-Length: 4\r\n\r\nwe", "closed-early"),
        (CHUNKED + b"3\r\nabc\r\n", "closed-early"),
        (OK + b"Content-Length: 4\r\n\r\nwell" + OK, "more-than-promised"),
        (b"HTTP/1.1 204 No Content\r\n\r\nbody", "more-than-promised"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(
    data: bytes, rule: str, at_once: int
) -> None:
    with pytest.raises(Broken, match=f"^{rule}$"):
        read(data, at_once=at_once)


def test_a_rain_of_empty_chunks_and_of_single_bytes_ends() -> None:
    reply = Reply(method="GET", most_body=10 * MOST_CHUNKS)
    reply.feed(CHUNKED)
    for _ in range(MOST_CHUNKS):
        reply.feed(b"1\r\nx\r\n")
    with pytest.raises(Broken, match="too-many-chunks"):
        reply.feed(b"1\r\nx\r\n")


def test_nothing_is_kept_beyond_the_caps() -> None:
    reply = Reply(method="GET", most_body=MOST)
    reply.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(Broken, match="head-too-long"):
        _drown(reply)
    assert len(reply._kept) <= LONGEST_HEAD + 1000


def _drown(reply: Reply) -> None:
    while True:
        reply.feed(b"a" * 1000)


def test_whatever_comes_is_complete_or_broken_by_a_known_rule() -> None:
    draw = random.Random(20)  # noqa: S311 - not a secret
    whole = CHUNKED + b"3\r\nabc\r\n0\r\nA: b\r\n\r\n"
    for _ in range(ROUNDS):
        data = bytearray(draw.choice([whole, OK + b"Content-Length: 4\r\n\r\nwell"]))
        for _ in range(draw.randrange(1, 4)):
            place = draw.randrange(len(data))
            data[place : place + draw.randrange(3)] = draw.randbytes(draw.randrange(4))
        reply, rule = outcome(bytes(data), at_once=draw.choice([0, 1, 5]))
        assert rule in RULES or (reply is not None and reply.complete)
        if reply is not None:
            assert 200 <= reply.status <= 599
            assert len(reply.body) <= MOST


def outcome(data: bytes, *, at_once: int) -> tuple[Reply | None, str]:
    """What becomes of bytes: an answer, or the rule that they broke."""
    try:
        return read(data, at_once=at_once), ""
    except Broken as broken:
        return None, str(broken)
