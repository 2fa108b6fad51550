"""The system-call filter of a learner's process, assembled as classic BPF."""

import ctypes
import errno
import struct
from collections.abc import Iterable, Iterator

from sandbox.agent import kernel
from sandbox.agent.syscalls import ALLOWED, FCNTL_COMMANDS, REVIEWED_UP_TO, SPECIAL

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone
TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
UNIX, INET, INET6 = 1, 2, 10
PERSONALITIES = (0, 0xFFFFFFFF)  # the ordinary one, and asking which it is

ALLOW = 0x7FFF0000
KILL = 0x80000000

LOAD, JUMP_EQUAL, JUMP_GREATER, JUMP_AT_LEAST, JUMP_SET, RETURN = (
    0x20,
    0x15,
    0x25,
    0x35,
    0x45,
    0x06,
)
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def program(*, loopback: bool, machine: str = kernel.MACHINE) -> bytes:
    """Assemble the filter. Raises ValueError on an architecture that was not reviewed."""
    if machine not in ARCHITECTURES:
        raise ValueError(f"no system-call table for {machine}; rooms need x86-64 or arm64")
    steps: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (JUMP_AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, KILL),
    ]
    column = kernel.MACHINES.index(machine)
    special = {name: row[column] for name, row in SPECIAL.items() if row[column] is not None}
    steps += _special(special, loopback=loopback)
    steps += _within(_ranges(row[column] for row in ALLOWED.values()))
    steps += [(JUMP_GREATER, 0, 1, REVIEWED_UP_TO), _refuse(errno.ENOSYS), _refuse(errno.EPERM)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def install(filter_: bytes) -> None:
    """Put the filter on this process for good; its children inherit it."""
    code = ctypes.create_string_buffer(filter_, len(filter_))
    head = struct.pack("@HP", len(filter_) // 8, ctypes.addressof(code))
    kernel.prctl_pointer(kernel.PR_SET_SECCOMP, 2, ctypes.create_string_buffer(head, len(head)))


def _special(numbers: dict[str, int | None], *, loopback: bool) -> list[Instruction]:
    """Answer the calls that depend on their arguments, and those that libraries can do without."""
    families = (UNIX, INET, INET6) if loopback else (UNIX,)
    steps: list[Instruction] = []
    for name, number in numbers.items():
        if name == "clone":
            body = [_first(), (JUMP_SET, 0, 1, NEW_NAMESPACES), _refuse(errno.EPERM)]
            body.append((RETURN, 0, 0, ALLOW))
        elif name == "socket":
            body = [_first(), *_only(families, otherwise=errno.EAFNOSUPPORT)]
        elif name == "personality":
            body = [_first(), *_only(PERSONALITIES, otherwise=errno.EPERM)]
        elif name == "ioctl":
            body = [(LOAD, 0, 0, SECOND_ARGUMENT), *_none_of(TERMINAL_INJECTION)]
        elif name == "fcntl":
            unknown = _refuse(errno.EINVAL)  # the kernel's own answer to a command that it lacks
            body = [(LOAD, 0, 0, SECOND_ARGUMENT), *_within(FCNTL_COMMANDS), unknown]
        else:
            body = [_refuse(errno.ENOSYS)]
        steps += [(JUMP_EQUAL, 0, len(body), number or 0), *body]
    return steps


def _first() -> Instruction:
    return (LOAD, 0, 0, FIRST_ARGUMENT)


def _within(ranges: Iterable[tuple[int, int]]) -> Iterator[Instruction]:
    for first, last in ranges:
        yield (JUMP_AT_LEAST, 0, 2, first)
        yield (JUMP_GREATER, 1, 0, last)
        yield (RETURN, 0, 0, ALLOW)


def _only(values: tuple[int, ...], *, otherwise: int) -> Iterator[Instruction]:
    for value in values:
        yield (JUMP_EQUAL, 0, 1, value)
        yield (RETURN, 0, 0, ALLOW)
    yield _refuse(otherwise)


def _none_of(values: tuple[int, ...]) -> Iterator[Instruction]:
    for value in values:
        yield (JUMP_EQUAL, 0, 1, value)
        yield _refuse(errno.EPERM)
    yield (RETURN, 0, 0, ALLOW)


def _refuse(number: int) -> Instruction:
    return (RETURN, 0, 0, 0x00050000 | number)


def _ranges(numbers: Iterator[int | None]) -> Iterator[tuple[int, int]]:
    ordered = sorted(number for number in numbers if number is not None)
    first = last = ordered[0]
    for number in ordered[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
