"""What is read of a room outside it, and the walls that can be looked at without one."""

import errno
import json
import struct
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox import cgroups, runtimes, unpacking, userns
from sandbox.agent import seccomp, syscalls
from sandbox.agent.caps import LONGEST_MESSAGE, LONGEST_NAME, MAX_FRAME, MOST_FRAMES
from sandbox.agent.frames import (
    FrameReader,
    Kind,
    MessageReader,
    Verb,
    Violation,
    frame,
    message,
    pieces,
)
from sandbox.interface import Limits
from sandbox.shells import explain

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
X86, ARM = 0xC000003E, 0xC00000B7


def table(
    columns: list[dict[str, object]], buffers: bytes, *, rows: object = 2, extra: bytes = b""
) -> bytes:
    head = json.dumps({"rows": rows, "columns": columns}).encode()
    return b"T" + struct.pack("<I", len(head)) + head + buffers + extra


def test_a_plain_table_is_read() -> None:
    columns: list[dict[str, object]] = [
        {"name": "n", "type": "int16", "buffers": [2, 4]},
        {"name": "s", "type": "text", "buffers": [0, 24, 3]},
    ]
    buffers = (
        b"\1\0" + struct.pack("<hh", 7, 8) + struct.pack("<qqq", 0, 2, 3) + "\u0436x".encode()
    )
    found = unpacking.value(table(columns, buffers))
    assert isinstance(found, pa.Table)
    assert found.to_pydict() == {"n": [7, None], "s": ["\u0436", "x"]}
    found.validate(full=True)


@pytest.mark.parametrize(
    ("columns", "buffers", "rule"),
    [
        ([{"name": "n", "type": "int16", "buffers": [0, 4]}], b"123", "as long as"),
        ([{"name": "n", "type": "int16", "buffers": [0, 6]}], b"123456", "as many values"),
        ([{"name": "n", "type": "int16", "buffers": [0, -4]}], b"", "numbers, text or times"),
        ([{"name": "n", "type": "int16", "buffers": [True, 4]}], b"12345", "numbers, text"),
        ([{"name": "n", "type": "object", "buffers": [0, 16]}], bytes(16), "numbers, text"),
        ([{"name": "n", "type": "int16", "buffers": [4]}], b"1234", "numbers, text"),
        ([{"name": "n", "type": "int16", "buffers": [2, 4]}], b"\2\0abcd", "flag is 0 or 1"),
        ([{"name": "n", "type": "bool", "buffers": [0, 2]}], b"\7\0", "flag is 0 or 1"),
        ([{"name": 1, "type": "int16", "buffers": [0, 4]}], b"1234", "a name, a type"),
        ([{"name": "t", "type": "datetime", "buffers": [0, 16]}], bytes(16), "known unit"),
        (
            [{"name": "t", "type": "datetime", "buffers": [0, 16], "unit": "s", "zone": "Mars"}],
            bytes(16),
            "no zone",
        ),
        (
            [{"name": "n", "type": "int8", "buffers": [0, 2]}] * 2,
            b"1212",
            "different names",
        ),
    ],
)
def test_a_table_that_lies_is_rejected(
    columns: list[dict[str, object]], buffers: bytes, rule: str
) -> None:
    with pytest.raises(unpacking.Rejected, match=rule):
        unpacking.value(table(columns, buffers))


@pytest.mark.parametrize(
    ("ends", "words", "rule"),
    [
        ((0, 5, 3), b"abc", "one after the other"),
        ((1, 2, 3), b"abc", "one after the other"),
        ((0, 2, 9), b"abc", "one after the other"),
        ((0, -1, 3), b"abc", "one after the other"),
        ((0, 1, 2), "\u0436".encode(), "UTF-8"),
        ((0, 1, 2), b"\xff\xfe", "UTF-8"),
        ((0, 70_000, 70_001), b"x" * 70_001, "at most"),
    ],
)
def test_text_that_lies_is_rejected(ends: tuple[int, ...], words: bytes, rule: str) -> None:
    columns: list[dict[str, object]] = [
        {"name": "s", "type": "text", "buffers": [0, 24, len(words)]}
    ]
    with pytest.raises(unpacking.Rejected, match=rule):
        unpacking.value(table(columns, struct.pack("<qqq", *ends) + words))


@pytest.mark.parametrize("rows", [-1, 10**9, "2", None, True, 1.5])
def test_a_table_of_a_strange_length_is_rejected(rows: object) -> None:
    with pytest.raises(unpacking.Rejected):
        unpacking.value(table([], b"", rows=rows))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"X",
        b"J",
        b"J{",
        b"J\xff",
        b"T",
        b"T\xff\xff\xff\xff",
        b"T\x02\0\0\0[]",
        b"J" + b"[" * 100_000,
        b"J" + b"[" * 60 + b"]" * 60,
        b"J1" + b"0" * 5000,
        b"J18446744073709551616",
        b"A" + bytes(100),
    ],
)
def test_what_is_no_value_is_rejected(data: bytes) -> None:
    with pytest.raises(unpacking.Rejected):
        unpacking.value(data)


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b'{"type": 1, "message": "", "frames": []}',
        b"nonsense",
        b'{"type": "E", "message": "", "frames": [["a", -1, "f"]]}',
    ],
)
def test_what_is_no_exception_is_rejected(data: bytes) -> None:
    with pytest.raises(unpacking.Rejected):
        unpacking.raised(data)


def test_long_words_of_an_exception_are_cut() -> None:
    told = {"type": "E" * 10_000, "message": "m" * 10_000, "frames": [["p", 1, "f"]] * 1000}
    raised = unpacking.raised(json.dumps(told).encode())
    assert len(raised.type) <= LONGEST_NAME
    assert len(raised.message) <= LONGEST_MESSAGE
    assert len(raised.frames) == MOST_FRAMES


def test_frames_come_whole_from_any_pieces() -> None:
    sent = [(Kind.DATA, 3, b"x" * MAX_FRAME), (Kind.CLOSE, 70_000, b""), (Kind.DATA, 1, b"y")]
    stream = b"".join(frame(*one) for one in sent)
    reader, got = FrameReader(), []
    for start in range(0, len(stream), 7_919):
        got += list(reader.feed(stream[start : start + 7_919]))
    assert got == sent


def test_messages_come_whole_from_any_pieces() -> None:
    stream = message(Verb.DONE, b"head", b"x" * 200_000) + message(Verb.OPENED)
    reader, got = MessageReader(), []
    for piece in pieces(stream):
        got += list(reader.feed(piece))
    assert got == [(Verb.DONE, b"head" + b"x" * 200_000), (Verb.OPENED, b"")]


@pytest.mark.parametrize("head", [(99, 1, 0), (int(Kind.DATA), 1, MAX_FRAME + 1), (0, 0, 0)])
def test_the_first_frame_out_of_order_ends_the_channel(head: tuple[int, int, int]) -> None:
    with pytest.raises(Violation):
        list(FrameReader().feed(struct.pack("<BII", *head)))


@pytest.mark.parametrize("head", [(99, 1), (int(Verb.DONE), 2**40)])
def test_the_first_message_out_of_order_ends_the_room(head: tuple[int, int]) -> None:
    with pytest.raises(Violation):
        list(MessageReader().feed(struct.pack("<BQ", *head)))


def judge(
    machine: str, number: int, *args: int, arch: int | None = None, loopback: bool = False
) -> int:
    """Run the filter as the kernel would, over one system call."""
    program = seccomp.program(loopback=loopback, machine=machine)
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    named = seccomp.ARCHITECTURES[machine]
    words = {0: number, 4: named if arch is None else arch}
    words |= {16 + 8 * place: value & 0xFFFFFFFF for place, value in enumerate(args)}
    at, held = 0, 0
    while True:
        code, yes, no, value = steps[at]
        if code == seccomp.LOAD:
            held = words.get(value, 0)
            at += 1
        elif code == seccomp.RETURN:
            return int(value)
        else:
            true = {
                seccomp.JUMP_EQUAL: held == value,
                seccomp.JUMP_GREATER: held > value,
                seccomp.JUMP_AT_LEAST: held >= value,
                seccomp.JUMP_SET: bool(held & value),
            }[code]
            at += 1 + (yes if true else no)


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filter_allows_the_list_and_nothing_else(machine: str, column: int) -> None:
    allowed = {row[column] for row in syscalls.ALLOWED.values()}
    special = {row[column] for row in syscalls.SPECIAL.values()}
    for number in range(700):
        if number in special:
            continue
        wanted = ALLOW if number in allowed else REFUSE | errno.EPERM
        if number > syscalls.REVIEWED_UP_TO:
            wanted = REFUSE | errno.ENOSYS
        assert judge(machine, number) == wanted, number


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filter_looks_at_arguments(machine: str, column: int) -> None:
    numbers = {name: row[column] or -1 for name, row in syscalls.SPECIAL.items()}
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert judge(machine, numbers["clone"], flag | 17) == REFUSE | errno.EPERM
    assert judge(machine, numbers["clone"], 0x3D0F00) == ALLOW
    assert judge(machine, numbers["clone3"]) == REFUSE | errno.ENOSYS
    for family, wanted in ((1, ALLOW), (2, REFUSE | errno.EAFNOSUPPORT), (16, REFUSE | 97)):
        assert judge(machine, numbers["socket"], family) == wanted
    assert judge(machine, numbers["socket"], 2, loopback=True) == ALLOW
    assert judge(machine, numbers["socket"], 17, loopback=True) == REFUSE | errno.EAFNOSUPPORT
    assert judge(machine, numbers["ioctl"], 0, 0x5412) == REFUSE | errno.EPERM
    assert judge(machine, numbers["ioctl"], 0, 0x5401) == ALLOW
    assert judge(machine, numbers["memfd_create"]) == REFUSE | errno.ENOSYS


def test_the_filter_kills_a_foreign_architecture() -> None:
    assert judge("x86_64", 1, arch=ARM) == KILL
    assert judge("aarch64", 64, arch=X86) == KILL
    assert judge("x86_64", 0x40000001) == KILL


def test_no_filter_is_made_for_an_architecture_that_was_not_reviewed() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.program(loopback=False, machine="riscv64")


def test_the_second_version_of_control_groups_is_written_as_the_kernel_wants(
    tmp_path: Path,
) -> None:
    group = cgroups.Groups({"": tmp_path}).make()
    group.limit(Limits(memory_mb=100, processes=10))
    (folder,) = group.folders.values()
    assert int((folder / "memory.max").read_text()) == 100 * 2**20 + cgroups.OUR_MEMORY
    assert (folder / "memory.swap.max").read_text() == "0"
    assert int((folder / "pids.max").read_text()) == 10 + cgroups.OUR_PROCESSES
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    (folder / "pids.events").write_text("max 5\n")
    (folder / "memory.peak").write_text("4096\n")
    counts = group.counts()
    assert (counts.out_of_memory, counts.refused_processes, counts.peak_bytes) == (2, 5, 4096)


def test_a_runtime_that_is_not_built_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIM_RUNTIMES", raising=False)
    with pytest.raises(runtimes.RuntimeMissing, match=r"python -m sandbox\.runtimes python-ml"):
        runtimes.find("python-ml", home=tmp_path)
    for name in ("../etc", "", "no-such"):
        with pytest.raises(runtimes.RuntimeMissing):
            runtimes.find(name, home=tmp_path)


def test_a_kernel_that_refuses_namespaces_is_explained() -> None:
    said = explain("bwrap: No permissions to create new namespace")
    assert said.startswith(userns.why_refused())
    assert "No permissions" in said
    assert "it said nothing" in explain("")
