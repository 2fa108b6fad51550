"""Landlock: a second wall on files, sockets and signals, where the kernel has it."""

import ctypes
import os
import struct
from pathlib import Path

from sandbox.agent import kernel

VERSION_QUESTION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
IOCTL_DEV = 1 << 15
TCP_BIND_AND_CONNECT = 3
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
SINCE_NETWORK, SINCE_SCOPES = 4, 6
READING = EXECUTE | READ_FILE | READ_DIR
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE  # all else is of folders


def version() -> int:
    """Tell the version of Landlock here; 0 when there is none."""
    try:
        return kernel.syscall(
            kernel.LANDLOCK_CREATE_RULESET, None, 0, VERSION_QUESTION, what="landlock"
        )
    except OSError:
        return 0


def ruleset(
    writable: tuple[str, ...],
    *,
    devices: str,
    loopback: bool,
    readable: tuple[str, ...] = ("/",),
) -> int | None:
    """Make a rule set: read some folders, write in others. None without Landlock."""
    level = version()
    if not level:
        return None
    everything = max(mask for since, mask in ALL_BY_VERSION.items() if since <= level)
    words = [everything]
    if level >= SINCE_NETWORK:
        words.append(0 if loopback else TCP_BIND_AND_CONNECT)
    if level >= SINCE_SCOPES:
        words.append(SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    head = ctypes.create_string_buffer(struct.pack(f"<{len(words)}Q", *words), 8 * len(words))
    rules = kernel.syscall(
        kernel.LANDLOCK_CREATE_RULESET, ctypes.addressof(head), len(head), 0, what="landlock"
    )
    for folder in readable:
        _allow(rules, folder, READING)
    _allow(rules, devices, (READING | WRITE_FILE | IOCTL_DEV) & everything)
    for folder in writable:
        _allow(rules, folder, everything & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV))
    return rules


def restrict(rules: int) -> None:
    """Put the rule set on this process for good; its children inherit it."""
    kernel.syscall(kernel.LANDLOCK_RESTRICT_SELF, rules, 0, what="landlock_restrict_self")


def _allow(rules: int, folder: str, access: int) -> None:
    if not Path(folder).is_dir():
        access &= OF_FILES
    parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = ctypes.create_string_buffer(struct.pack("<Qi", access, parent), 12)
        kernel.syscall(
            kernel.LANDLOCK_ADD_RULE,
            rules,
            RULE_PATH_BENEATH,
            ctypes.addressof(rule),
            0,
            what=f"landlock {folder}",
        )
    finally:
        os.close(parent)
