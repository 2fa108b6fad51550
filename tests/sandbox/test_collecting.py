"""What is read of a room after death: plain files, whole, under caps, through no link."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.agent import collect
from sandbox.client import RunnerRoom
from sandbox.interface import Unreadable

Open = Callable[[int, list[str], int], int]


def beneath(top: int, parts: list[str], flags: int) -> int:
    return collect._open(top, parts, flags)


WAYS = [pytest.param(beneath, id="one call"), pytest.param(collect._open_by_steps, id="by steps")]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder as a learner might leave it, beside a file that nobody may reach."""
    (tmp_path / "canary").write_text("of the host")
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "plain").write_text("plain")
    (top / "link").symlink_to("../canary")
    (top / "absolute").symlink_to(tmp_path / "canary")
    (top / "out").symlink_to("..")
    (top / "itself").symlink_to("itself")
    (top / "near").symlink_to("sub/plain")
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(top / "end"))
    return top


def content(top: Path, path: str, *, opened: Open, max_bytes: int = 100) -> bytes:
    folder = os.open(top, os.O_PATH | os.O_DIRECTORY)
    try:
        file = opened(folder, path.split("/"), collect.FLAGS)
        return collect._content(file, max_bytes=max_bytes)
    finally:
        os.close(folder)


@pytest.mark.parametrize("opened", WAYS)
def test_a_plain_file_is_read_up_to_its_cap_and_not_beyond(tree: Path, opened: Open) -> None:
    assert content(tree, "sub/plain", opened=opened, max_bytes=5) == b"plain"
    with pytest.raises(collect.Rule, match="larger than 4 bytes"):
        content(tree, "sub/plain", opened=opened, max_bytes=4)


@pytest.mark.parametrize("opened", WAYS)
@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("link", "symbolic link"),
        ("absolute", "symbolic link"),
        ("out/canary", "symbolic link|no folder"),
        ("itself", "symbolic link"),
        ("near", "symbolic link"),
        ("pipe", "no regular file"),
        ("end", "no regular file"),
        ("sub", "no regular file"),
        ("none", "no such file"),
        ("sub/plain/x", "lies below a file"),
    ],
)
def test_what_is_no_plain_file_is_refused_at_once(
    tree: Path, opened: Open, path: str, rule: str
) -> None:
    with pytest.raises(collect.Rule, match=rule):
        content(tree, path, opened=opened)


@pytest.mark.parametrize("opened", WAYS)
def test_a_hard_link_is_refused(tree: Path, opened: Open) -> None:
    os.link(tree / "sub" / "plain", tree / "twin")
    with pytest.raises(collect.Rule, match="more than one name"):
        content(tree, "twin", opened=opened)


@pytest.mark.parametrize("opened", WAYS)
def test_a_sparse_file_counts_as_long_as_it_says(tree: Path, opened: Open) -> None:
    with (tree / "holes").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(collect.Rule, match="larger"):
        content(tree, "holes", opened=opened, max_bytes=10**9)


def test_no_descriptor_is_left_whatever_the_file_is(tree: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for way in (beneath, collect._open_by_steps):
        for path in ("sub/plain", "link", "out/canary", "pipe", "end", "sub/plain/x", "none"):
            try:
                content(tree, path, opened=way, max_bytes=3)
            except collect.Rule:
                continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def leave(room: RunnerRoom, text: str) -> None:
    finished = room.run("python", "-c", f"import os\nos.chdir('/artifacts')\n{text}")
    assert finished.ok, finished


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("open(b'\\xff\\xfe', 'w').close()", "not UTF-8"),
        ("os.mkdir(b'\\xff'); open(b'\\xff/a', 'w').close()", "not UTF-8"),
        ("open('holes', 'w').truncate(10**7)", "larger"),
        ("for n in range(300): open(str(n), 'w').close()", "too many files"),
        ("os.makedirs('/'.join('d' * 40)); ", "nested more than"),
        ("open('a', 'w').close(); os.link('a', 'b')", "more than one name"),
        ("os.symlink('.', 'loop')", "symbolic link"),
    ],
)
def test_a_folder_with_one_strange_thing_is_not_read(
    room: RunnerRoom, text: str, rule: str
) -> None:
    leave(room, text)
    with pytest.raises(Unreadable, match=rule):
        room.files("/artifacts", max_files=256, max_bytes=10**6)


def test_a_folder_of_exactly_the_caps_is_read(room: RunnerRoom) -> None:
    leave(room, "for n in range(256): open(f'{n:03}', 'wb').write(b'x' * 100)")
    found = room.files("/artifacts", max_files=256, max_bytes=25_600)
    assert len(found) == 256
    assert sum(map(len, found.values())) == 25_600
    assert room.read("/artifacts/000", max_bytes=100) == b"x" * 100
