"""What our containers' system-call filters add to Docker's default, what they take away, and why."""

import json
import re
from typing import Any

import pytest

from sandbox import container_rooms
from sandbox.images import naming

# What moby/profiles, seccomp/default.json at cd3bed8 (June 2026), allows on x86-64 and arm64 to a
# container without capabilities, on a kernel of 4.8 or newer.
DEFAULT = set(
    ["_llseek", "_newselect", "accept", "accept4", "access", "adjtimex", "alarm", "arch_prctl", "arm_fadvise64_64", "arm_sync_file_range", "bind", "breakpoint", "brk", "cacheflush", "cachestat", "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "clone", "close", "close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "futimesat", "get_robust_list", "get_thread_area", "getcpu", "getcwd", "getdents", "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "ioprio_get", "ioprio_set", "ipc", "kill", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listen", "listmount", "listxattr", "listxattrat", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "modify_ldt", "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap", "mseal", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap", "name_to_handle_at", "nanosleep", "newfstatat", "open", "openat", "openat2", "pause", "personality", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv", "preadv2", "prlimit64", "process_mrelease", "process_vm_readv", "process_vm_writev", "pselect6", "pselect6_time64", "ptrace", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "remap_file_pages", "removexattr", "removexattrat", "rename", "renameat", "renameat2", "restart_syscall", "riscv_hwprobe", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "send", "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto", "set_robust_list", "set_thread_area", "set_tid_address", "set_tls", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setitimer", "setpgid", "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32", "setrlimit", "setsid", "setsockopt", "setuid", "setuid32", "setxattr", "setxattrat", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socket", "socketcall", "socketpair", "splice", "stat", "stat64", "statfs", "statfs64", "statmount", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "sync_file_range2", "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate", "truncate64", "ugetrlimit", "umask", "uname", "unlink", "unlinkat", "uretprobe", "utime", "utimensat", "utimensat_time64", "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev"]
)
MAKES_ROOMS = {"mount", "pivot_root", "sethostname", "umount2", "unshare"}
TAKEN = {
    "reading and steering other processes": {"process_vm_readv", "process_vm_writev", "ptrace"},
    "handles reach files past their folders": {"name_to_handle_at", "fanotify_mark"},
    "memory that no limit sees, or that cannot be looked at": {"memfd_secret", "vmsplice"},
    "attributes and devices on file systems": {
        *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "mknod", "mknodat"),
        *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
        *("getxattrat", "listxattrat"),
    },
    "the host's clocks": {"adjtimex", "clock_adjtime"},
    "segments, keys and pages that no library of ours asks for": {
        *("modify_ldt", "map_shadow_stack", "mseal", "cachestat", "uretprobe"),
        *("pkey_alloc", "pkey_free", "pkey_mprotect"),
    },
    "newer than reviewed; libraries fall back": {
        *("fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "listmount", "statmount"),
    },
    "of other architectures, or of times gone by": {
        *("arm_sync_file_range", "breakpoint", "cacheflush", "riscv_hwprobe", "set_tls"),
        *("epoll_ctl_old", "epoll_wait_old", "ipc", "mmap2", "recv", "send", "sigprocmask"),
        *("sigreturn", "socketcall", "sync_file_range2", "ugetrlimit", "waitpid"),
    },
}
FOR_32_BITS = re.compile(r"\w+(32|64|_time64)|_llseek|_newselect")
NOT_FOR_32_BITS = {"fadvise64", "getdents64", "pread64", "prlimit64", "pwrite64"}


def allowed(profile: dict[str, Any], *, whatever: bool) -> set[str]:
    """List what a profile allows; with `whatever`, only where the arguments do not matter."""
    return {
        name
        for rule in profile["syscalls"]
        if rule["action"] == "SCMP_ACT_ALLOW" and not (whatever and rule.get("args"))
        for name in rule["names"]
    }


@pytest.fixture(scope="module")
def shell() -> dict[str, Any]:
    return dict(json.loads(naming.PROFILE.read_text()))


@pytest.fixture(scope="module")
def room() -> dict[str, Any]:
    return dict(json.loads(container_rooms.profile()))


def test_the_shells_filter_adds_only_what_makes_rooms(shell: dict[str, Any]) -> None:
    assert shell["defaultAction"] == "SCMP_ACT_ERRNO"
    assert allowed(shell, whatever=False) - DEFAULT == MAKES_ROOMS


def test_everything_that_the_shells_filter_takes_away_is_named(shell: dict[str, Any]) -> None:
    taken = DEFAULT - allowed(shell, whatever=False)
    old = {name for name in taken if FOR_32_BITS.fullmatch(name)} - NOT_FOR_32_BITS
    assert taken - old == set().union(*TAKEN.values())


def test_the_filter_of_a_container_room_adds_nothing_to_dockers_default(
    shell: dict[str, Any], room: dict[str, Any]
) -> None:
    assert allowed(room, whatever=False) <= DEFAULT
    assert allowed(shell, whatever=False) - allowed(room, whatever=False) == MAKES_ROOMS


def test_in_a_container_room_nobody_makes_namespaces_or_steers_others(
    room: dict[str, Any],
) -> None:
    free = allowed(room, whatever=True)
    conditions = {
        name: rule["args"]
        for rule in room["syscalls"]
        for name in rule["names"]
        if rule.get("args") and name not in {"socket", "personality"}
    }
    assert not free & conditions.keys()
    (clone,) = conditions.pop("clone")
    assert (clone["value"], clone["valueTwo"], clone["op"]) == (
        0x7E020000,
        0,
        "SCMP_CMP_MASKED_EQ",
    )
    places = {name: (args[0]["index"], args[0]["value"]) for name, args in conditions.items()}
    assert places == {
        "sched_setattr": (0, 0),
        "sched_setparam": (0, 0),
        "sched_setscheduler": (0, 0),
        "setpriority": (1, 0),
    }
