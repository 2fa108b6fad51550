"""Control groups of the second version, over a folder of plain files that stands for the kernel's.

What is written and read is tested so; that a kernel obeys it is not.
"""

import os
from pathlib import Path

import pytest

from sandbox import cgroups
from sandbox.cgroups import Counts, Groups
from sandbox.interface import Limits

NOBODY = 2**22 + 1  # above the largest number that a process can have


@pytest.fixture
def group(tmp_path: Path) -> cgroups.Group:
    made = Groups({"": tmp_path}).make()
    made.limit(Limits(memory_mb=100, processes=7))
    return made


def test_the_second_version_gets_every_limit_in_its_own_file(
    group: cgroups.Group,
) -> None:
    folder = group.folders[""]
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {
        "pids.max": str(7 + cgroups.OUR_PROCESSES),
        "memory.max": str(100 * 2**20 + cgroups.OUR_MEMORY),
        "memory.swap.max": "0",
        "cpu.max": f"{cgroups.PERIOD * min(2, os.cpu_count() or 1)} {cgroups.PERIOD}",
    }


def test_the_second_version_counts_kills_refusals_and_the_peak(group: cgroups.Group) -> None:
    folder = group.folders[""]
    (folder / "memory.events").write_text("low 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n")
    (folder / "pids.events").write_text("max 5\n")
    (folder / "memory.peak").write_text("1048576\n")
    assert group.counts() == Counts(out_of_memory=3, refused_processes=5, peak_bytes=2**20)


def test_a_kernel_that_does_not_count_is_read_as_nothing(group: cgroups.Group) -> None:
    assert group.counts() == Counts(out_of_memory=0, refused_processes=0, peak_bytes=0)


def test_only_the_groups_of_dead_runners_are_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, alive, other = (
        tmp_path / name for name in (f"sim-{NOBODY}-1", f"sim-{os.getpid()}-1", "system.slice")
    )
    for folder in (dead, alive, other):
        folder.mkdir()
    monkeypatch.setattr(cgroups, "_first_version", dict)
    monkeypatch.setattr(cgroups, "_second_version", lambda: {"": tmp_path})
    cgroups.remove_stale()
    assert (dead.exists(), alive.exists(), other.exists()) == (False, True, True)
