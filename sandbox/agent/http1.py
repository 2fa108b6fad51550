"""Reads one answer of a stranger's HTTP/1 server, strictly and as its bytes come (RFC 9112).

A pure state machine: no socket, no clock. Whatever it is fed it ends in a bounded number of steps
and bytes: complete, or Broken with one of the words of `RULES`. Nothing is guessed or repaired: an
answer that two readers could read in two ways is none.
"""

import re
from collections.abc import Callable

from sandbox.agent.caps import KILOBYTE

LONGEST_HEAD = (
    16 * KILOBYTE
)  # of status line and headers together; servers' own limits are 8 to 64
MOST_HEADERS = 100
MOST_INTERIM = 8  # answers of the 1xx kind before the answer
MOST_CHUNKS = 20_000
LONGEST_CHUNK_LINE = 256
NO_BODY = (204, 304)
SWITCHING = 101

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
LENGTH = re.compile(r"[0-9]{1,12}")

RULES = (
    "not-http",
    "head-too-long",
    "too-many-headers",
    "bad-header",
    "too-many-interim",
    "switches-protocol",
    "bad-length",
    "two-lengths",
    "bad-coding",
    "bad-chunk",
    "too-many-chunks",
    "body-too-long",
    "more-than-promised",
    "closed-early",
)


class Broken(Exception):
    """What came is no HTTP answer within the caps; the message is the rule, one of `RULES`."""


class Reply:
    """One answer, as far as it has come."""

    def __init__(self, *, method: str, most_body: int) -> None:
        self._method = method
        self._most = most_body
        self._kept = bytearray()
        self._interim = 0
        self._left = 0  # of the body, or of a chunk and its line end
        self._chunks = 0
        self._state: Callable[[], bool] = self._head
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.complete = False

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. Raises Broken, after which this is of no more use."""
        self._kept += data
        while not self.complete and self._state():
            continue
        if self.complete and self._kept:
            raise Broken("more-than-promised")

    def end(self) -> None:
        """Take that the server has closed the connection. Raises Broken."""
        if self._state == self._until_close:
            self.complete = True
        if not self.complete:
            raise Broken("closed-early")

    # ---- states; each answers whether it has moved on

    def _head(self) -> bool:
        end = self._kept.find(b"\r\n\r\n")
        if end < 0:
            self._refuse_what_cannot_become_a_head()
            return False
        if end > LONGEST_HEAD:
            raise Broken("head-too-long")
        first, *lines = bytes(self._kept[:end]).split(b"\r\n")
        del self._kept[: end + 4]
        found = STATUS_LINE.fullmatch(first)
        if not found:
            raise Broken("not-http")
        self.status = int(found[1])
        self.headers = _headers(lines)
        self._after_head()
        return True

    def _refuse_what_cannot_become_a_head(self) -> None:
        """Judge by the first bytes, so that nothing else than HTTP is waited for."""
        if not b"HTTP/1.".startswith(self._kept[:7]) and self._kept[:7] != b"HTTP/1.":
            raise Broken("not-http")
        if len(self._kept) > LONGEST_HEAD:
            raise Broken("head-too-long")

    def _after_head(self) -> None:
        if self.status == SWITCHING:
            raise Broken("switches-protocol")
        if self.status < 200:  # noqa: PLR2004 - the class of interim answers
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise Broken("too-many-interim")
            return  # the next head follows
        self._begin_body()

    def _begin_body(self) -> None:
        lengths = [value for name, value in self.headers if name == "content-length"]
        codings = [value.lower() for name, value in self.headers if name == "transfer-encoding"]
        if codings and (lengths or codings != ["chunked"]):
            raise Broken("two-lengths" if lengths else "bad-coding")
        if len(set(lengths)) > 1:
            raise Broken("two-lengths")
        if lengths and not LENGTH.fullmatch(lengths[0]):
            raise Broken("bad-length")
        if self._method == "HEAD" or self.status in NO_BODY:
            self.complete = True
        elif codings:
            self._state = self._chunk_line
        elif lengths:
            self._left = int(lengths[0])
            self._grow(self._left)
            self._state = self._counted
            self.complete = self._left == 0
        else:
            self._state = self._until_close

    def _counted(self) -> bool:
        self._take()
        self.complete = self._left == 0
        return False

    def _until_close(self) -> bool:
        self._grow(len(self._kept))
        self._left = len(self._kept)
        self._take()
        return False

    def _chunk_line(self) -> bool:
        line = self._line(LONGEST_CHUNK_LINE, "bad-chunk")
        if line is None:
            return False
        found = CHUNK_LINE.fullmatch(line)
        if not found:
            raise Broken("bad-chunk")
        self._left = int(found[1], 16)
        self._chunks += 1
        if self._chunks > MOST_CHUNKS:
            raise Broken("too-many-chunks")
        self._grow(self._left)
        self._state = self._chunk if self._left else self._trailers
        return True

    def _chunk(self) -> bool:
        self._take()
        if self._left or len(self._kept) < 2:  # noqa: PLR2004 - a line end
            return False
        if self._kept[:2] != b"\r\n":
            raise Broken("bad-chunk")
        del self._kept[:2]
        self._state = self._chunk_line
        return True

    def _trailers(self) -> bool:
        line = self._line(LONGEST_HEAD, "head-too-long")
        if line is None:
            return False
        if not line:
            self.complete = True
            return True
        self.headers = [*self.headers, *_headers([line])]
        if len(self.headers) > MOST_HEADERS:
            raise Broken("too-many-headers")
        return True

    # ---- parts

    def _line(self, longest: int, rule: str) -> bytes | None:
        end = self._kept.find(b"\r\n")
        if end > longest or (end < 0 and len(self._kept) > longest):
            raise Broken(rule)
        if end < 0:
            return None
        line = bytes(self._kept[:end])
        del self._kept[: end + 2]
        return line

    def _take(self) -> None:
        taken = self._kept[: self._left]
        self.body += taken
        self._left -= len(taken)
        del self._kept[: len(taken)]

    def _grow(self, more: int) -> None:
        """Hold a body to its cap before it is there."""
        if len(self.body) + more > self._most:
            raise Broken("body-too-long")


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    if len(lines) > MOST_HEADERS:
        raise Broken("too-many-headers")
    found = []
    for line in lines:
        header = HEADER.fullmatch(line)
        if not header:
            raise Broken("bad-header")
        found.append(
            (header[1].decode("ascii").lower(), header[2].strip(b" \t").decode("latin-1"))
        )
    return found
