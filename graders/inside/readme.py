"""Read the commands of a README: what they do, and whether what they name is there.

Carried into a room, answers with plain facts. Prose is not judged: only fenced or indented blocks
of commands are looked at.
"""

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

NAMES = ("README.md", "readme.md", "Readme.md", "README.rst", "README.txt", "README")
MOST = 500
LARGEST = 1_000_000

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})\s*(?P<language>[A-Za-z0-9_+-]*)")
_SHELLS = {"", "sh", "bash", "shell", "zsh", "console", "shell-session", "terminal", "text", "bat"}
_PROMPT = re.compile(r"^\s*(?:\((?:\.?venv|env)\)\s*)?(?:[$>%]\s+|PS[^>]*>\s*)")
_NEXT = re.compile(r"\s*(?:&&|\|\||;|\|)\s*")
_BEFORE = {"sudo", "time", "nohup", "exec", "env", "winpty"}
_RUNNERS = {"uv", "poetry", "pdm", "pipenv", "conda", "hatch", "pixi", "rye"}
_PYTHONS = re.compile(r"(?:python|python3|python3\.[0-9]+|py|\.?venv/bin/python3?)$")
_SERVERS = {"uvicorn", "gunicorn", "hypercorn", "granian"}
_STARTERS = {"streamlit", "flask", "fastapi", "mlflow", "celery", "jupyter", "airflow", "prefect"}
_INSTALLS = {"install", "sync", "add"}
_INSTALL_TARGETS = re.compile(r"(?:install|setup|deps|dependencies|venv|init|env|build|image)$")
_TEST_TARGETS = re.compile(r"(?:tests?|check|ci)$")


@dataclass(frozen=True, kw_only=True)
class _Command:
    line: int
    words: list[str]


def readme(folder: str) -> dict[str, object]:
    """Whether there is one; its commands' roles; the lines that name what is not there."""
    root = Path(folder)
    path = next((name for name in NAMES if (root / name).is_file()), None)
    if path is None:
        return {"path": "", "commands": 0, "roles": [], "missing": []}
    text = (root / path).read_bytes()[:LARGEST].decode("utf-8", errors="replace")
    commands = list(_commands(text))[:MOST]
    at, missing = PurePosixPath(), []
    roles: set[str] = set()
    for command in commands:
        roles.add(_role(command.words) or "")
        if command.words[0] == "cd" and len(command.words) > 1:
            at = at / command.words[1] if (root / at / command.words[1]).is_dir() else at
        elif any(not _is_there(root / at, named) for named in _named(command.words)):
            missing.append(command.line)
    return {
        "path": path,
        "commands": len(commands),
        "roles": sorted(roles - {""}),
        "missing": list(dict.fromkeys(missing)),
    }


def _commands(text: str) -> Iterator[_Command]:
    begun, first = "", 0
    for number, line in _block_lines(text):
        bare = _PROMPT.sub("", line).strip()
        begun, first = (f"{begun} {bare}", first) if begun else (bare, number)
        if begun.endswith("\\"):
            begun = begun[:-1]
            continue
        for piece in _NEXT.split(begun):
            words = _words(piece)
            if words:
                yield _Command(line=first, words=words)
        begun = ""


def _block_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of fenced blocks of a shell, and of blocks that are indented."""
    fence, shell, blank = "", False, True
    for number, line in enumerate(text.split("\n"), start=1):
        match = _FENCE.match(line)
        if fence:
            if match and match["fence"].startswith(fence) and not match["language"]:
                fence = ""
            elif shell:
                yield number, line
        elif match:
            fence, shell = match["fence"], match["language"].lower() in _SHELLS
        elif blank and re.match(r"(?: {4}|\t)\S", line):
            yield number, line
            continue
        blank = not line.strip()


def _words(piece: str) -> list[str]:
    try:
        words = shlex.split(piece, comments=True)
    except ValueError:
        words = piece.split()
    while words and (words[0] in _BEFORE or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*=.*", words[0])):
        words.pop(0)
    if words[:1] and words[0] in _RUNNERS and words[1:2] == ["run"]:
        return list(itertools.dropwhile(lambda word: word.startswith("-"), words[2:]))
    return words


def _role(words: list[str]) -> str | None:
    command, rest = words[0], words[1:]
    if _PYTHONS.search(command):
        return _python_role(rest)
    if command == "make":
        return _target_role(rest)
    if command in {"docker", "docker-compose", "podman"}:
        return _container_role(rest)
    if command in {"pip", "pip3", *_RUNNERS} and _INSTALLS & set(rest):
        return "install"
    return "test" if command in {"pytest", "tox", "nox"} else _script_role(command, rest)


def _container_role(rest: list[str]) -> str | None:
    if "build" in rest[:2]:
        return "install"
    return "run" if {"run", "up"} & set(rest) else None


def _script_role(command: str, rest: list[str]) -> str | None:
    script = command.startswith("./") or (command in {"bash", "sh"} and rest)
    return "run" if script or command in _SERVERS | _STARTERS else None


def _python_role(rest: list[str]) -> str | None:
    if rest[:1] == ["-m"] and len(rest) > 1:
        if rest[1] in {"pytest", "unittest"}:
            return "test"
        if rest[1] == "pip":
            return "install"
        return None if rest[1] == "venv" else "run"
    return "run" if rest and not rest[0].startswith("--") else None


def _target_role(rest: list[str]) -> str | None:
    targets = [word for word in rest if not word.startswith("-") and "=" not in word]
    if not targets:
        return "run"
    if _TEST_TARGETS.search(targets[0]):
        return "test"
    return "install" if _INSTALL_TARGETS.search(targets[0]) else "run"


def _named(words: list[str]) -> Iterator[str]:
    """What a command names that must be there: a file, ``module:a.b`` or ``target:x``."""
    if _PYTHONS.search(words[0]):
        words = words[1:]
        if words[:1] == ["-m"] and len(words) > 1:
            words = words[1:]
            yield f"module:{words[0]}"
        elif words and words[0].endswith(".py"):
            yield words[0]
    if words:
        yield from _named_by(words[0], words[1:])


def _named_by(command: str, rest: list[str]) -> Iterator[str]:
    plain = [word for word in rest if not word.startswith("-")]
    yield from _options(rest, "-r", "--requirement", "-c", "--constraint")
    if command.startswith("./"):
        yield command
    elif command == "pytest":
        yield from (word.partition("::")[0] for word in plain if "/" in word or ".py" in word)
    elif command in _SERVERS:
        yield from (f"module:{word.partition(':')[0]}" for word in plain[:1] if ":" in word)
    elif command in {"bash", "sh", "cp"}:
        yield from plain[:1]
    elif command == "make":
        yield from (f"target:{word}" for word in plain if "=" not in word)
    elif command == "docker" and rest[:1] == ["build"]:
        yield next(_options(rest, "-f", "--file"), "Dockerfile")


def _options(words: list[str], *names: str) -> Iterator[str]:
    for before, word in itertools.pairwise(words):
        if before in names:
            yield word


def _is_there(folder: Path, named: str) -> bool:
    kind, _, name = named.rpartition(":")
    if re.search(r"[<>{}$*\[\]]|\.\.", name) or name.startswith(("/", "~")):
        return True  # to be filled in, or of another place: nobody can say
    if kind == "target":
        return _has_target(folder, name)
    if kind == "module":
        return _has_module(folder, name)
    return (folder / name).exists()


def _has_target(folder: Path, name: str) -> bool:
    for makefile in ("Makefile", "makefile", "GNUmakefile"):
        if (folder / makefile).is_file():
            text = (folder / makefile).read_bytes()[:LARGEST].decode("utf-8", errors="replace")
            target = rf"^[^\t#:=\n]*\b{re.escape(name)}\b[^:=\n]*:"
            return re.search(target, text, re.M) is not None
    return False


def _has_module(folder: Path, name: str) -> bool:
    """Whether a module of the project is there; one of somebody else's is none of our concern."""
    parts = name.split(".")
    for start in (folder, folder / "src"):
        top = start / parts[0]
        if not (top.is_dir() or top.with_suffix(".py").is_file()):
            continue
        place = start.joinpath(*parts)
        return place.with_suffix(".py").is_file() or place.is_dir()
    return True
