"""Bytes that nobody foresaw, at every place where a stranger's are read: seeded, so it repeats."""

import json
import random
import socket
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict

import pyarrow as pa
import pytest

from sandbox import answers, unpacking
from sandbox.agent.caps import LARGEST_VALUE, MEGABYTE, MOST_HOLDERS, MOST_VALUES
from sandbox.agent.frames import (
    HEAD_LENGTH,
    FrameReader,
    Kind,
    MessageReader,
    Verb,
    Violation,
    frame,
    message,
    split,
)
from sandbox.agent.talk import ANSWER_HEAD, Talk
from sandbox.client import RunnerRoom
from sandbox.interface import (
    Ask,
    Limits,
    Made,
    Returned,
    SandboxError,
    ServiceDown,
    Unreadable,
    Usage,
)

ROUNDS = 3_000
STRANGE = (
    b"", b"\0", b"\xff" * 9, b"-1", b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b'"\\ud800"',
    b"9" * 30, b"[" * 80, b'{"a":1,"a":2}', struct.pack("<Q", 2**63), struct.pack("<I", 2**32 - 1),
)  # fmt: skip
MADE = Made(  # noqa: S604 - no command: the kind of shell
    shell="bubblewrap", rooms="nested", development_only=True, runtime="python-ml", digest="0"
)
FINISHED = {
    "exit_code": 0,
    "signal": None,
    "stopped": None,
    "said": [3, 2],
    "usage": asdict(Usage()),
}
RETURNED = {"kind": "V", "size": 2, "crashed": None, "rejected": None, **FINISHED, "said": [0, 0]}


def table() -> bytes:
    columns = [
        {"name": "n", "type": "int64", "buffers": [2, 16]},
        {"name": "s", "type": "text", "buffers": [0, 24, 3]},
        {"name": "t", "type": "datetime", "unit": "ms", "zone": "UTC", "buffers": [0, 16]},
        {"name": "b", "type": "bool", "buffers": [0, 2]},
    ]
    head = json.dumps({"rows": 2, "columns": columns}).encode()
    body = b"\1\0" + bytes(16) + struct.pack("<qqq", 0, 2, 3) + "жx".encode() + bytes(16) + b"\0\1"
    return b"T" + struct.pack("<I", len(head)) + head + body


def spoiled(whole: bytes, *, rounds: int = ROUNDS) -> Iterator[bytes]:
    """What is left of good bytes when some are changed, cut out, put in or said twice."""
    draw = random.Random(7)  # noqa: S311 - the same on every run
    for _ in range(rounds):
        found = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(found) + 1)
            to = min(len(found), at + draw.randint(0, 8))
            found[at:to] = draw.choice(
                (draw.randbytes(draw.randint(0, 4)), draw.choice(STRANGE), bytes(found[to:]), b"")
            )
        yield bytes(found)


@pytest.mark.parametrize(
    "whole",
    [
        table(),
        b'J{"a": [1, 2.5, null, "\\u0436"], "b": {"c": true}}',
        b"Bx",
    ],
    ids=["table", "json", "bytes"],
)
def test_a_value_is_read_or_rejected_whatever_its_bytes(whole: bytes) -> None:
    unpacking.value(whole)
    read = 0
    for data in spoiled(whole):
        try:
            found = unpacking.value(data)
        except unpacking.Rejected:
            continue
        read += 1
        if isinstance(found, pa.Table):
            found.validate(full=True)
            found.to_pandas()
        elif not isinstance(found, bytes):
            json.dumps(found, ensure_ascii=False).encode()
    assert read > 0


def test_an_exception_is_read_or_rejected_whatever_its_bytes() -> None:
    whole = b'{"type": "E", "message": "m", "frames": [["app.py", 3, "f"]]}'
    assert unpacking.raised(whole).frames[0].line == 3
    for data in spoiled(whole):
        try:
            told = unpacking.raised(data)
        except unpacking.Rejected:
            continue
        f"{told}".encode()


@pytest.mark.parametrize(
    "data",
    [
        b'J{"a": 1, "a": 2}',
        b'J{"\\u0061": 1, "a": 2}',
        b'J"\\ud800"',
        b'J{"\\udfff": 1}',
        b'J["\\udc00\\ud800"]',
        b"J[" + b"[]," * MOST_HOLDERS + b"[]]",
        b"J[" + b"0," * MOST_VALUES + b"0]",
        b'J{"a":' * 60 + b"1" + b"}" * 60,
    ],
    ids=lambda data: data[:20].decode(),
)
def test_json_that_readers_do_not_agree_on_or_that_grows_is_rejected(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(unpacking.Rejected):
            unpacking.value(data)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(data) + MEGABYTE
    finally:
        tracemalloc.stop()


def test_whole_pairs_of_surrogates_are_a_letter() -> None:
    assert unpacking.value(b'J"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_numbers_that_are_none_stay_so_that_a_check_can_refuse_them() -> None:
    found = unpacking.value(b"J[NaN, Infinity, 1e999]")
    assert isinstance(found, list)
    assert not any(isinstance(number, float) and abs(number) < 1e308 for number in found)


def test_frames_come_whole_or_end_the_channel() -> None:
    whole = b"".join(frame(Kind.DATA, n, bytes(n)) for n in range(1, 40))
    for data in spoiled(whole):
        reader, seen = FrameReader(), 0
        try:
            while seen < len(data):
                piece = data[seen : seen + 61]
                seen += len(piece)
                for _, _, body in reader.feed(piece):
                    assert len(body) <= 64 * 1024
        except Violation:
            continue


def test_a_head_is_a_dictionary_or_ends_the_room() -> None:
    for data in (*STRANGE, *spoiled(HEAD_LENGTH.pack(8) + b'{"a": 1}rest')):
        try:
            head, rest = split(data)
        except Violation:
            continue
        assert isinstance(head, dict)
        assert len(rest) <= len(data)


def test_a_message_that_promises_much_costs_only_what_came() -> None:
    reader = MessageReader()
    tracemalloc.start()
    assert list(reader.feed(struct.pack("<BQ", Verb.DONE, 200 * MEGABYTE) + bytes(1000))) == []
    assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    tracemalloc.stop()


def test_an_answer_is_no_longer_than_what_was_asked_for() -> None:
    head = struct.pack("<BQ", Verb.DONE, 101)
    assert list(MessageReader().feed(head, most=101)) == []
    with pytest.raises(Violation, match="101 bytes"):
        list(MessageReader().feed(head, most=100))
    read = answers.asked(Verb.READ, limits=Limits(), max_bytes=7)
    assert read.most == answers.HEADS + 7
    with pytest.raises(SandboxError, match="no such message"):
        answered(Verb.READ, struct.pack("<BQ", Verb.DONE, answers.HEADS + 101))


def test_what_a_worker_says_is_an_answer_or_rejected() -> None:
    whole = ANSWER_HEAD.pack(b"V", 5) + b"J[10]"
    for data in spoiled(whole, rounds=500):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(0)
            theirs.sendall(data)
            talk = Talk(ours.fileno())
            talk.hear()
            assert talk.rejected or not talk.complete or talk.kind in {"V", "R"}


def test_a_worker_that_promises_too_much_is_rejected_at_its_head() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        theirs.sendall(ANSWER_HEAD.pack(b"V", LARGEST_VALUE + 1))
        talk = Talk(ours.fileno())
        assert talk.hear()
        assert talk.rejected == "the value is larger than 64 MB"


def answer(verb: Verb, head: object, rest: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return message(verb, HEAD_LENGTH.pack(len(text)), text, rest)


def ask(verb: Verb, room: RunnerRoom) -> object:
    """Ask an open room for each thing that can be asked for."""
    asks = [Ask(method="GET", path="/"), Ask(method="GET", path="/")]
    does: dict[Verb, Callable[[], object]] = {
        Verb.UPLOAD: lambda: room.upload({"a.py": b""}),
        Verb.RUN: lambda: room.run("true"),
        Verb.CALL: lambda: room.call("a:b"),
        Verb.READ: lambda: room.read("a", max_bytes=100),
        Verb.REQUEST: lambda: room.ask(asks, patience=1.0, most_open=2),
    }
    return does.get(verb, lambda: room.files("/artifacts", max_files=3, max_bytes=100))()


def answered(verb: Verb, data: bytes) -> object:
    """What the caller makes of an answer. The warden is played by the other end of a socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        room = RunnerRoom(ours, Limits(wall_seconds=1))
        theirs.sendall(answer(Verb.OPENED, asdict(MADE)) if verb else b"")
        room.wait_until_open()
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            return ask(verb, room)
        finally:
            room.close()


SERVED = {"status": 200, "headers": [["a", "b"]], "seconds": 0.1, "at": 1.0, "size": 4}
UNSERVED = {"down": "too-slow", "seconds": 1.0, "at": 1.0, "size": 0}


def served(**changes: object) -> bytes:
    """An answer to two requests, one of which has changed."""
    return answer(Verb.DONE, {"answers": [{**SERVED, **changes}, UNSERVED]}, b"well")


HONEST = {
    Verb.UPLOAD: answer(Verb.DONE, {}),
    Verb.RUN: answer(Verb.DONE, FINISHED, b"outer"),
    Verb.CALL: answer(Verb.DONE, RETURNED, b"J1"),
    Verb.READ: answer(Verb.DONE, {}, b"content"),
    Verb.REQUEST: answer(Verb.DONE, {"answers": [SERVED, UNSERVED], "size": 4}, b"well"),
    Verb.FILES: answer(Verb.DONE, {"files": [["a", 1], ["b", 2]]}, b"xyy"),
}


@pytest.mark.parametrize("verb", HONEST, ids=lambda verb: str(verb.name))
def test_an_answer_is_taken_or_ends_the_room(verb: Verb) -> None:
    answered(verb, HONEST[verb])
    for data in spoiled(HONEST[verb], rounds=400):
        try:
            found = answered(verb, data)
        except (SandboxError, Unreadable, ServiceDown):
            continue
        except ValueError:  # what a refusal is, and nothing else
            if data[0] != Verb.REFUSED:
                raise
            continue
        if isinstance(found, Returned):
            assert found.ok or found.rejected or found.crashed or found.stopped or found.raised


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        (Verb.RUN, answer(Verb.OPENED, asdict(MADE))),
        (Verb.UPLOAD, answer(Verb.RUN, {})),
        (Verb.RUN, answer(Verb.DONE, {})),
        (Verb.RUN, answer(Verb.DONE, {**FINISHED, "stopped": "by a stranger"}, b"outer")),
        (Verb.RUN, answer(Verb.DONE, {**FINISHED, "exit_code": "0"}, b"outer")),
        (Verb.RUN, answer(Verb.DONE, {**FINISHED, "said": [-1, 6]}, b"outer")),
        (Verb.RUN, answer(Verb.DONE, {**FINISHED, "said": [3, 3]}, b"outer")),
        (Verb.RUN, HONEST[Verb.RUN] * 2),
        (Verb.CALL, answer(Verb.DONE, {**RETURNED, "size": 2**70}, b"J1")),
        (Verb.READ, struct.pack("<BQ", Verb.DONE, 2 * MEGABYTE)),
        (Verb.FILES, answer(Verb.DONE, {"files": [["a", 1], ["a", 2]]}, b"xyy")),
        (Verb.FILES, answer(Verb.DONE, {"files": [["a", 9]]}, b"xyy")),
        (Verb.FILES, answer(Verb.DONE, [])),
        (Verb.READ, answer(Verb.REFUSED, {})),
        (Verb.REQUEST, answer(Verb.DONE, {"answers": [SERVED]}, b"well")),
        (Verb.REQUEST, answer(Verb.DONE, {"answers": [SERVED, SERVED]}, b"well")),
        (Verb.REQUEST, served(status=101)),
        (Verb.REQUEST, served(status=True)),
        (Verb.REQUEST, served(seconds=-1)),
        (Verb.REQUEST, served(seconds="NaN")),
        (Verb.REQUEST, served(headers=[["a", "b"]] * 101)),
        (Verb.REQUEST, served(headers={"a": "b"})),
    ],
)
def test_an_answer_out_of_order_or_form_is_the_sandboxs_failure(verb: Verb, data: bytes) -> None:
    with pytest.raises(SandboxError):
        answered(verb, data)


def test_every_verb_that_can_be_asked_has_its_answers() -> None:
    asked = {verb for verb in Verb if verb < Verb.OPENED}
    assert set(answers.EXPECTED) == {None, *asked}
    assert all(Verb.BROKEN in heard for heard in answers.EXPECTED.values())
