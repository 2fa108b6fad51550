"""Container rooms: each room a single-use container, for hosts where rooms cannot nest.

Nothing is mounted and no namespace is made in such a container, so it bears Docker's masks on
`/proc`, and more of them, AppArmor's `docker-default`, and any runtime that the engine knows
(gVisor, Kata).
"""

import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.types import Mount

from sandbox import attached, compatible, engine
from sandbox.agent import walls
from sandbox.attached import Attached
from sandbox.docker_shell import DockerShells, bound, connected, create, hardened
from sandbox.images import naming
from sandbox.shell import COMMAND, Wish

START = (
    "import sys; sys.path.insert(0, '/runtime/code/agent'); "
    "from sandbox.agent.first import main; main()"
)
# Taken on by the first process before it hears of anyone, to become other users than root; then
# given up for good, by itself and by everything that comes of it.
CAPABILITIES = ["SETGID", "SETPCAP", "SETUID"]
FIRST_USER = 61_200  # that no distribution gives to anyone: each room has a user of its own
USERS = 2_800
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone
OF_NESTED_ROOMS = {
    "clone",
    "mount",
    "pivot_root",
    "sethostname",
    "setns",
    "umount2",
    "unshare",
}
DOCKERS_OWN = "acpi asound kcore keys latency_stats sched_debug scsi timer_list timer_stats"
OWN_ONLY = {"sched_setattr": 0, "sched_setparam": 0, "sched_setscheduler": 0, "setpriority": 1}


@dataclass(frozen=True, kw_only=True)
class RoomWish(Wish):
    """What a container room is to be started with; the rest is said when it is opened."""

    data: str | None
    scratch_mb: int
    scratch_files: int


class ContainerRooms(DockerShells):
    """Starts containers that are rooms."""

    rooms = "container"

    def __init__(self, *, why: str, oci_runtime: str | None = None) -> None:
        super().__init__(why=why)
        self.oci_runtime = oci_runtime or None
        # Runners of one host should not begin with the same user.
        self._users = itertools.count(os.getpid() * 37)

    def start(self, wish: Wish) -> Attached:
        """Start a container that waits to be opened as a room. Raises ShellError."""
        if not isinstance(wish, RoomWish):
            raise TypeError("a container room is made for one dataset and one size of scratch")
        user = FIRST_USER + next(self._users) % USERS
        command = [*COMMAND[:-1], START, str(user)]
        with connected() as client:
            image = engine.find_image(client, wish.runtime.name)
            compatible.check(client, image, wish.runtime.name)
            with engine.asking("create a room"):
                words: dict[str, Any] = {"image": str(image.id), "command": command}
                words["user"] = "0:0"  # until the first process has taken on others
                words["host_config"] = self._host_config(client, wish)
                container = create(client, words, kind="room", runtime=wish.runtime.name)
            return Attached(client, *attached.start(client, container))

    def _host_config(self, client: docker.DockerClient, wish: RoomWish) -> dict[str, object]:
        config: dict[str, object] = client.api.create_host_config(
            **hardened(profile()),
            cap_add=CAPABILITIES,
            ipc_mode="none",  # no /dev/shm but the one below
            tmpfs=_places(wish),
            mounts=_data(wish),
            runtime=self.oci_runtime,
        )
        return config | {"MaskedPaths": masked()}


def masked(proc: Path = Path("/proc")) -> list[str]:
    """List what the engine covers: all of `/proc` that is not a process.

    A nested room mounts a `/proc` that has nothing else; no process in a container can. The list
    is Docker's own (moby, `DefaultLinuxSpec`) and what this host's kernel shows, so that a newer
    one's tables are covered, too. The engine passes over what is not there.
    """
    tables = [path for path in proc.iterdir() if not (path.name.isdigit() or path.is_symlink())]
    return sorted({*map(str, tables), *(f"/proc/{name}" for name in DOCKERS_OWN.split())})


def profile() -> str:
    """Narrow the shell's system-call filter: nothing nests in a room.

    Ours are in effect the learner, which is all that the kernel asks of whoever changes another
    process's priority: a process may only change its own.
    """
    filter_ = json.loads(naming.PROFILE.read_text())
    rules = filter_["syscalls"]
    for rule in rules:
        rule["names"] = [
            name for name in rule["names"] if name not in OF_NESTED_ROOMS and name not in OWN_ONLY
        ]
    filter_["syscalls"] = [rule for rule in rules if rule["names"]]
    filter_["syscalls"] += [
        _allow("clone", index=0, value=NEW_NAMESPACES, value_two=0, op="SCMP_CMP_MASKED_EQ"),
        *(_allow(name, index=place, value=0) for name, place in OWN_ONLY.items()),
    ]
    return json.dumps(filter_)


def _allow(
    name: str, *, index: int, value: int, value_two: int = 0, op: str = "SCMP_CMP_EQ"
) -> dict[str, Any]:
    argument = {"index": index, "value": value, "valueTwo": value_two, "op": op}
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": [argument]}


def _places(wish: RoomWish) -> dict[str, str]:
    """Give what can be written in, and names. Each place may hold what all together may."""
    size = wish.scratch_mb * 1024 * 1024 + walls.SLACK
    files = wish.scratch_files + walls.SLACK_FILES
    scratch = f"rw,nosuid,nodev,size={size},nr_inodes={files},mode=777"
    places = dict.fromkeys(walls.PLACES, scratch)
    for ours in ("/etc", "/sys"):  # over the engine's own: what is not there cannot be asked
        places[ours] = "rw,nosuid,nodev,noexec,size=64k,nr_inodes=16,mode=755"
    if wish.data is None:
        places["/data"] = "ro,nosuid,nodev,noexec,size=4k,nr_inodes=1,mode=755"
    return places


def _data(wish: RoomWish) -> list[Mount]:
    return [] if wish.data is None else [bound("/data", wish.warehouse / wish.data)]
