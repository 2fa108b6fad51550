"""Finds what refuses user namespaces on this host, and says in one sentence what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
NEEDED = "rooms need user namespaces, and here "
UNKNOWN = (
    NEEDED + "the kernel refuses them by a rule that it does not show; in a container, allow "
    "them to the container, and on a host take SANDBOX_SHELL=docker"
)


@dataclass(frozen=True)
class Cause:
    """One thing that refuses user namespaces: how it is recognised, and the cure."""

    holds: Callable[[Path], bool]
    sentence: str


def why_refused(proc: Path = PROC) -> str:
    """Say in one sentence what refuses them. Asked once it is known that something does."""
    for cause in CAUSES:
        if cause.holds(proc):
            return NEEDED + cause.sentence
    return UNKNOWN


def _is(name: str, value: str) -> Callable[[Path], bool]:
    return lambda proc: _read(proc / "sys" / name) == value


def _filtered(proc: Path) -> bool:
    return any(
        line.split() == ["Seccomp:", "2"] for line in _read(proc / "self/status").split("\n")
    )


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # this kernel has no such switch
        return ""


# The kernel asks in this order; the first that says no is the one to change. Sources: seccomp(2),
# user_namespaces(7), and what Debian and Ubuntu add to kernel/user_namespace.c.
CAUSES = (
    Cause(
        lambda proc: not (proc / "self/ns/user").is_symlink(),
        "the kernel is built without them (CONFIG_USER_NS): take SANDBOX_SHELL=docker",
    ),
    Cause(
        _filtered,
        "a system-call filter above this process refuses them, as a container's does: start the "
        "container with a profile that allows clone and unshare, or the runner outside of it",
    ),
    Cause(
        _is("user/max_user_namespaces", "0"),
        "the host allows none: `sysctl user.max_user_namespaces=15000` allows some",
    ),
    Cause(
        _is("kernel/unprivileged_userns_clone", "0"),
        "only root may make them: `sysctl kernel.unprivileged_userns_clone=1` allows them to all",
    ),
    Cause(
        _is("kernel/apparmor_restrict_unprivileged_userns", "1"),
        "AppArmor allows them to programs with a profile only: give bwrap one with `userns,`, or "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows them to all",
    ),
)
