"""How each wall is left out of a copy of `sandbox/`: exact lines, and what stands there instead.

Some attacks are stopped by more than one wall. Those walls are left out together, and the comment
says which: then the attack succeeds, and with either of them it does not.

Not here: no-new-privileges. bubblewrap sets it for everything in its shell and Docker does by a
flag, so leaving ours out changes nothing that could be seen; the self-test looks at the bit itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """Lines of one file of `sandbox/`, and what stands there without the wall."""

    file: str
    old: str
    new: str = ""


def _namespace(name: str) -> Change:
    return Change("agent/walls.py", f"    | kernel.CLONE_NEW{name}\n")


NO_FILTER = Change("agent/confine.py", "    seccomp.install(cage.filter)  #", "    #")
NO_LANDLOCK = Change(
    "agent/confine.py", "        landlock.restrict(cage.landlock)  #", "        pass  #"
)
NO_GROUPS = Change(
    "cgroups.py",
    "    for folders in (_first_version(), _second_version()):\n        if folders and _usable(",
    "    for folders in ():\n        if folders and _usable(",
)
SHELLS_PROC = Change(
    "agent/walls.py",
    '    kernel.mount("proc", str(ROOM / "proc"), "proc", careful, "subset=pid")',
    '    kernel.mount("/proc", str(ROOM / "proc"), None, kernel.MS_BIND | kernel.MS_REC, None)',
)
WATCHED_MEMORY = "        return exact > limits.memory_mb * MEGABYTE"
WATCHED_BYTES = "used > limits.scratch_mb * MEGABYTE"
WATCHED_BYTES_AT_THE_END = "used > running.limits.scratch_mb * MEGABYTE"
WATCHED_FILES = "return files - self._files_at_first > limits.scratch_files"
WATCHED_PROCESSES = "return tasks > limits.processes + len(self._helpers)"
PTS = """
    (ROOM / "dev/pts").mkdir()
    kernel.mount("/dev/pts", str(ROOM / "dev/pts"), None, kernel.MS_BIND, None)
"""

LEFT_OUT: dict[str, tuple[Change, ...]] = {
    # As root, the runner gives each shell a user of its own. For root, bubblewrap covers parts of
    # /proc, and then no room can mount its own: it is left out, too.
    "own_user": (
        Change("slot.py", "    os.setresgid(user, user, user)\n"),
        Change("slot.py", "    os.setresuid(user, user, user)\n"),
        SHELLS_PROC,
    ),
    # Landlock knows the processes outside its domain, too: the pair is left out.
    "pid": (
        _namespace("PID"),
        SHELLS_PROC,
        NO_LANDLOCK,
    ),
    "network": (_namespace("NET"),),
    # The system-call filter refuses System V calls, too: the pair is left out.
    "ipc": (_namespace("IPC"), NO_FILTER),
    "uts": (
        Change(
            "agent/walls.py",
            "    | kernel.CLONE_NEWIPC\n    | kernel.CLONE_NEWUTS\n",
            "    | kernel.CLONE_NEWIPC\n",
        ),
        Change("agent/walls.py", '    kernel.sethostname("room")\n'),
    ),
    # Landlock allows nothing above the room's root, either: the pair is left out.
    "old_root": (
        Change(
            "agent/kernel.py",
            '    _checked(_libc.umount2(b".", MNT_DETACH)',
            '    ((b".", MNT_DETACH)',
        ),
        NO_LANDLOCK,
    ),
    "proc": (
        Change("agent/walls.py", '"proc", careful, "subset=pid")', '"proc", careful, None)'),
    ),
    "own_files": (
        Change(
            "agent/walls.py",
            '        kernel.mount("room", str(target), "overlay", careful, layers)\n',
            "        raise OSError(careful, layers)\n",
        ),
    ),
    # Landlock lets nobody write outside the room's scratch, either: the pair is left out.
    "read_only_root": (
        NO_LANDLOCK,
        Change(
            "agent/walls.py",
            '    kernel.mount("none", "/", None, _same_but_read_only("/"), None)\n',
        ),
    ),
    # The warden's watch ends who passes the number of bytes, or of files, too: pairs are left out.
    "scratch_bytes": (
        Change("agent/walls.py", 'f"size={size},', 'f"size=1g,'),
        Change("agent/crowd.py", f'"scratch_mb": {WATCHED_BYTES}', '"scratch_mb": False'),
        Change(
            "agent/crowd.py", f'"scratch_mb": {WATCHED_BYTES_AT_THE_END}', '"scratch_mb": False'
        ),
    ),
    "scratch_inodes": (
        Change("agent/walls.py", "nr_inodes={files},", "nr_inodes=1000000,"),
        Change("agent/crowd.py", WATCHED_FILES, "return False"),
    ),
    "devices": (
        Change(
            "agent/walls.py",
            '    (ROOM / "dev").mkdir()\n',
            f'    (ROOM / "dev").mkdir(){PTS}',
        ),
    ),
    # Control groups and the watch count the same things: the pairs are left out.
    "memory": (NO_GROUPS, Change("agent/crowd.py", WATCHED_MEMORY, "        return False")),
    "processes": (NO_GROUPS, Change("agent/crowd.py", WATCHED_PROCESSES, "return False")),
    "descriptors": (
        Change("agent/sitting.py", "        confine.close_all_but(line)\n"),
        Change(
            "agent/sitting.py",
            "        confine.close_all_but(*([] if channel is None else [channel]))\n",
        ),
    ),
    # Emptied four times on its way from the runner to a learner: all four are left out.
    "environment": (
        Change("bubblewrap_shell.py", "            env={},\n", "            env=None,\n"),
        Change("slot.py", "os.execve(command[0], command, {})", "os.execv(command[0], command)"),
        Change("bubblewrap_shell.py", '        "--clearenv",\n'),
        Change("agent/learner.py", "    os.environ.clear()\n"),
    ),
    "rlimits": (Change("agent/confine.py", "    _limit(cpu_seconds=", "    dict(cpu_seconds="),),
    "capabilities": (Change("agent/confine.py", "    _drop_capabilities()  #", "    #"),),
    # The first process ends with the warden, and the kernel ends all others with it; who was
    # started by the warden ends with it in any case.
    "parent_death": (
        Change("agent/confine.py", "    _die_with_the_parent()  #", "    #"),
        Change(
            "agent/reaper.py",
            "                os._exit(0)  # the warden is gone\n",
            "                poll.unregister(listen)\n                continue\n",
        ),
    ),
    # Landlock keeps those inside its domain from looking into those outside: the pair is left out.
    "dumpable": (
        Change(
            "agent/reaper.py", "        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  #", "        #"
        ),
        NO_LANDLOCK,
    ),
    "landlock": (NO_LANDLOCK,),
    "seccomp": (NO_FILTER,),
}

# A second wall behind it stops all that this one stops; what the second does alone is tested.
BACKED: dict[str, tuple[Change, ...]] = {"control_groups": (NO_GROUPS,)}
# Without these the kernel makes none of the others: no room opens.
FOUNDATIONS: dict[str, tuple[Change, ...]] = {
    "user": (
        Change(
            "agent/walls.py",
            "    kernel.CLONE_NEWUSER\n    | kernel.CLONE_NEWNS",
            "    kernel.CLONE_NEWNS",
        ),
    ),
    "mount": (_namespace("NS"),),
}
