"""Read what a project needs and how exactly it says so: carried into a room, plain facts out."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

MOST = 1_000
LARGEST = 2_000_000
LOCKS = (
    *("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "requirements.lock"),
    *("conda-lock.yml", "pixi.lock"),
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PIN = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*===?\s*[0-9][^\s,;*]*\s*(?:;.*)?"
    r"|[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@\s*git\+\S+@[0-9a-f]{40}\b.*"
    r"|[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@\s*https?://\S+#(?:.*&)?sha256=[0-9a-f]{64}.*"
)
_OTHER_FILE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]+(?P<path>\S+)")


@dataclass(kw_only=True)
class _Read:
    """What the files say, together."""

    lines: list[tuple[str, int, str]] = field(default_factory=list)  # path, line, requirement
    pinned: set[str] = field(default_factory=set)  # names that a constraint pins
    seen: set[str] = field(default_factory=set)


def requirements(folder: str, path: str) -> dict[str, object]:
    """How many requirements there are, and where one is without an exact version.

    Files that it refers to are read too; a constraint pins what it names. A lock file beside it
    pins everything.
    """
    root = Path(folder)
    read = _Read()
    _read(root, path, read, constraint=False)
    if not (root / path).is_file():
        _read_pyproject(root, read)
    locked = [name for name in LOCKS if (root / name).is_file() and (root / name).stat().st_size]
    loose = [
        [where, line]
        for where, line, text in read.lines
        if not _PIN.fullmatch(text) and _normal(text) not in read.pinned
    ]
    return {
        "there": bool(read.lines or locked),
        "total": len(read.lines),
        "loose": [] if locked else loose[:MOST],
        "found": sum(1 for _ in read.lines),
    }


def _read(root: Path, path: str, read: _Read, *, constraint: bool) -> None:
    if path in read.seen or not _is_inside(root, path) or len(read.lines) > MOST:
        return
    read.seen.add(path)
    text = (root / path).read_bytes()[:LARGEST].decode("utf-8", errors="replace")
    for number, line in _lines(text):
        other = _OTHER_FILE.fullmatch(line)
        if other:
            beside = (Path(path).parent / other["path"]).as_posix()
            pins = constraint or line.startswith(("-c", "--constraint"))
            _read(root, beside, read, constraint=pins)
        elif constraint:
            if _PIN.fullmatch(line):
                read.pinned.add(_normal(line))
        elif not line.startswith("-"):
            read.lines.append((path, number, line))


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines with their numbers, joined where they go on; no comments, no hashes."""
    joined = re.sub(r"\\\n", lambda match: " " * len(match[0]) + "\0", text)
    found, number = [], 1
    for line in joined.split("\n"):
        bare = re.sub(r"(^|\s)#.*$", "", line.replace("\0", " "))
        bare = re.sub(r"\s--hash[=\s]\S+", "", bare).strip()
        if bare:
            found.append((number, bare))
        number += 1 + line.count("\0")
    return found


def _read_pyproject(root: Path, read: _Read) -> None:
    """The dependencies of pyproject.toml, where no other file says them."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return
    text = path.read_bytes()[:LARGEST].decode("utf-8", errors="replace")
    try:
        project = tomllib.loads(text).get("project")
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    wanted = project.get("dependencies") if isinstance(project, dict) else None
    for one in wanted if isinstance(wanted, list) else []:
        before, found, _ = text.partition(str(one))
        read.lines.append(("pyproject.toml", before.count("\n") + 1 if found else 1, str(one)))


def _normal(text: str) -> str:
    match = _NAME.match(text)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def _is_inside(root: Path, path: str) -> bool:
    parts = Path(path).parts
    return ".." not in parts and not Path(path).is_absolute() and (root / path).is_file()
