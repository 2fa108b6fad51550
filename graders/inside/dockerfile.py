"""Read a Dockerfile as BuildKit's parser does, and build nothing: carried into a room, facts out.

Lines are joined at the escape character, with comments and empty lines in between left out; a
here-document belongs to its instruction; words are split at spaces and tabs and nothing else, so
that what only looks like an instruction is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 100_000  # bytes; the longest of the official images have a tenth of it
MOST = 200

_KNOWN = frozenset(
    {
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
        *("LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
        *("WORKDIR",),
    }
)
_SPACE = re.compile(r"[ \t\v\f\r]+")
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(\S+)[ \t]*")
_HEREDOC = re.compile(
    r"(?<![<\w])(?:[0-9]*)<<(?P<strip>-?)(?P<quote>[\"']?)(?P<end>\w+)(?P=quote)"
)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^{}]*))?\}|(?P<bare>\w+))")
_SECRET = re.compile(
    r"(?i)(?:^|_)(?:password|passwd|pwd|secret|token|api_?key|private_?key|credentials?|auth)(?:$|_)"
)
_PUBLIC = re.compile(r"(?i)public|(?:_file|_path|_url|_name)$")
_SECRET_FILE = re.compile(
    r"(?:^|/)(?:\.env(?!\.(?:example|sample|template))[.\w]*|\.git|\.ssh|\.aws|\.netrc|\.pypirc"
    r"|id_rsa|id_ed25519|credentials\.json|[^/]*\.(?:pem|p12|pfx|key))/?$"
)
_IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"]{1,64}:[^\s:/@'\"{}<$]{3,128}@")
_EXACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?(?:===?[0-9]\S*|\s*@\s*\S+)")
_LOCAL = re.compile(r"\.{1,2}(?:/.*)?(?:\[[^\]]*\])?|/.*|.*\.(?:whl|tar\.gz)|[$].*")
_TAKES_VALUE = {
    *("-r", "--requirement", "-c", "--constraint", "-i"),
    *("-f", "--find-links", "-t", "--target", "--prefix", "--python", "-e", "--editable"),
    *("--trusted-host", "--platform", "--timeout", "--retries", "--cache-dir", "--root"),
}
_MAKES_USER = re.compile(r"\b(?:useradd|adduser|/etc/passwd)\b")
_TOOLS_OF_PIP = {"pip", "setuptools", "wheel"}  # what an installation begins with


class Unreadable(Exception):
    """The text is no Dockerfile; the argument is the line."""


@dataclass(frozen=True, kw_only=True)
class _Instruction:
    line: int
    name: str
    rest: str  # without here-documents
    body: str = ""  # of here-documents


@dataclass(kw_only=True)
class _Stage:
    line: int
    image: str
    alias: str
    user: str = ""
    health: bool = False
    variables: dict[str, str] = field(default_factory=dict)


def dockerfile(folder: str, path: str) -> dict[str, object]:
    """The facts of a Dockerfile, or the line at which it is none."""
    root = Path(folder)
    body = (root / path).read_bytes()
    if len(body) > LARGEST:
        return {"unreadable": 0}
    try:
        instructions = list(_instructions(body.decode("utf-8-sig")))
        return _facts(root, instructions)
    except UnicodeDecodeError:
        return {"unreadable": 1}
    except Unreadable as error:
        return {"unreadable": int(error.args[0])}


def _instructions(text: str) -> Iterator[_Instruction]:
    lines = text.replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    goes_on = re.compile(rf"{re.escape(escape)}[ \t]*$")
    number = 0
    while number < len(lines):
        first, more = number, True
        pieces: list[str] = []
        while more and number < len(lines):
            line = lines[number]
            number += 1
            if line.lstrip().startswith("#") or (pieces and not line.strip()):
                continue
            more = bool(goes_on.search(line))
            pieces.append(goes_on.sub("", line))
            if not pieces[0].strip():
                break
            first = first if pieces[1:] else number - 1
        logical = "".join(pieces).strip(" \t\v\f\r")
        if not logical:
            continue
        name, _, rest = _SPACE.sub(" ", logical, count=1).partition(" ")
        if name.upper() not in _KNOWN or not name.isascii():
            raise Unreadable(first + 1)
        here, number = _heredocs(name.upper(), rest, lines, number)
        yield _Instruction(line=first + 1, name=name.upper(), rest=rest.strip(), body=here)


def _escape(lines: list[str]) -> str:
    """The escape character: a directive may change it, before anything else."""
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in ("`", "\\"):
            return match[2]
    return "\\"


def _heredocs(name: str, rest: str, lines: list[str], number: int) -> tuple[str, int]:
    body: list[str] = []
    for match in _HEREDOC.finditer(rest) if name in {"RUN", "COPY", "ADD"} else ():
        begun = number
        while True:
            if number >= len(lines):
                raise Unreadable(begun)  # it never ends
            line = lines[number].lstrip("\t") if match["strip"] else lines[number]
            number += 1
            if line == match["end"]:
                break
            body.append(line)
    return "\n".join(body), number


def _facts(root: Path, instructions: list[_Instruction]) -> dict[str, object]:
    shared: dict[str, str] = {}
    stages: list[_Stage] = []
    copied: list[list[object]] = []
    for one in instructions:
        if one.name == "FROM":
            stages.append(_stage(one, shared, stages))
        elif not stages:
            if one.name != "ARG":
                raise Unreadable(one.line)
            shared |= dict(_pairs(one, shared))
        else:
            _tell(stages[-1], one, shared)
            copied += [[one.line, image] for image in _copied_from(one, stages)]
    if not stages:
        raise Unreadable(1)
    aliases = {stage.alias for stage in stages}
    bases = [[s.line, s.image] for s in stages if s.image not in aliases]
    return {
        "unreadable": None,
        "bases": [*bases, *copied][:MOST],
        "user": stages[-1].user,
        "made": any(_MAKES_USER.search(f"{one.rest}\n{one.body}") for one in instructions),
        "final": stages[-1].line,
        "last_base": _last_base(stages),
        "health": stages[-1].health,
        "loose": [one.line for one in instructions if _is_loose(one)][:MOST],
        "secrets": [one.line for one in instructions if _is_secret(one)][:MOST],
        "whole": [one.line for one in instructions if _is_whole(one)][:MOST],
        "ignored": _ignored(root),
    }


def _stage(one: _Instruction, shared: dict[str, str], before: list[_Stage]) -> _Stage:
    words = [word for word in _split(one.rest) if not word.startswith("--")]
    if not words:
        raise Unreadable(one.line)
    image = _filled(words[0], shared)
    alias = "".join(words[2:3]).lower() if "".join(words[1:2]).lower() == "as" else ""
    parent = next((stage for stage in reversed(before) if stage.alias == image.lower()), None)
    if parent is None:
        return _Stage(line=one.line, image=image, alias=alias or f" {len(before)}")
    return _Stage(
        line=one.line,
        image=parent.alias,
        alias=alias or f" {len(before)}",
        user=parent.user,
        health=parent.health,
        variables=dict(parent.variables),
    )


def _tell(stage: _Stage, one: _Instruction, shared: dict[str, str]) -> None:
    if one.name == "USER":
        stage.user = _filled(one.rest.strip("\"'"), stage.variables)
    elif one.name == "HEALTHCHECK":
        stage.health = one.rest.upper() != "NONE"
    elif one.name in {"ARG", "ENV"}:
        stage.variables |= dict(_pairs(one, {**shared, **stage.variables}))


def _last_base(stages: list[_Stage]) -> str:
    """The image that the last stage stands on in the end."""
    image = stages[-1].image
    for stage in reversed(stages[:-1]):
        if stage.alias == image:
            image = stage.image
    return image


def _pairs(one: _Instruction, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names and values of ARG and ENV."""
    words = _split(one.rest)
    if one.name == "ENV" and words and "=" not in words[0]:
        yield words[0], _filled(" ".join(words[1:]).strip("\"'"), known)
        return
    for word in words:
        name, equals, value = word.partition("=")
        if equals or one.name == "ARG":
            yield name, _filled(value.strip("\"'"), known) if equals else known.get(name, "")


def _copied_from(one: _Instruction, stages: list[_Stage]) -> list[str]:
    """The image that COPY takes files from, where it is none of the stages."""
    if one.name != "COPY":
        return []
    found = [w.partition("=")[2] for w in _split(one.rest) if w.startswith("--from=")]
    known = {stage.alias for stage in stages}
    return [image for image in found if image.lower() not in known and not image.isdigit()]


def _is_loose(one: _Instruction) -> bool:
    """Whether pip installs a package of which no exact version is named."""
    if one.name != "RUN":
        return False
    script = re.sub(r'[\[\]",]', " ", one.rest) if one.rest.startswith("[") else one.rest
    pieces = re.split(r"&&|\|\||[;\n|]", f"{script}\n{one.body}")
    return any(_installs_loosely(_split(re.sub(r"[\"']", "", piece))) for piece in pieces)


def _installs_loosely(words: list[str]) -> bool:
    if "install" not in words or not any(w.rpartition("/")[2] in {"pip", "pip3"} for w in words):
        return False
    skip = False
    for word in words[words.index("install") + 1 :]:
        if skip or word.startswith("-"):
            skip = not skip and (word in _TAKES_VALUE or word.endswith("-url"))
            continue
        if word.rstrip("\\") in _TOOLS_OF_PIP or _LOCAL.fullmatch(word):
            continue
        if not _EXACT.fullmatch(word):
            return True
    return False


def _is_secret(one: _Instruction) -> bool:
    """Whether a secret stays in a layer or in the image's history."""
    if one.name in {"ARG", "ENV"}:
        names = [name for name, _ in _pairs(one, {})]
        return any(_SECRET.search(name) and not _PUBLIC.search(name) for name in names)
    if one.name in {"COPY", "ADD"}:
        return any(_SECRET_FILE.search(source) for source in _sources(one))
    return bool(one.name == "RUN" and _IN_ADDRESS.search(f"{one.rest}\n{one.body}"))


def _is_whole(one: _Instruction) -> bool:
    whole = {".", "./", "*", "./*", "/"}
    of_context = "--from=" not in one.rest
    return one.name in {"COPY", "ADD"} and of_context and bool(whole & set(_sources(one)))


def _sources(one: _Instruction) -> list[str]:
    words = [word for word in _split(one.rest) if not word.startswith(("--", "<<"))]
    if words and words[0].startswith("["):
        words = re.findall(r'"((?:[^"\\]|\\.)*)"', " ".join(words))
    return words[:-1]


def _ignored(root: Path) -> list[str]:
    """What the build does not see, as .dockerignore says: patterns without comments."""
    path = root / ".dockerignore"
    if not path.is_file():
        return []
    text = path.read_bytes()[:LARGEST].decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.split("\n")]
    return [line[:200] for line in lines if line and not line.startswith("#")][:MOST]


def _filled(text: str, variables: dict[str, str]) -> str:
    """A text with its variables; one that is not known stays as it is written."""

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["bare"]
        return variables.get(name) or match["default"] or match[0]

    return _VARIABLE.sub(value, text)[:300]


def _split(text: str) -> list[str]:
    return [word for word in _SPACE.split(text) if word]
