"""What a Dockerfile says, as our reader in a room takes it apart; and what its words mean."""

import fnmatch
import re
from collections.abc import Sequence
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, TypeAdapter

from graders.failures import Fail
from graders.production.reading import asked, in_form
from graders.results import Location
from graders.workspace import Workspace

_VERSION = re.compile(r"v?\d+(?:\.\d+)+.*|.*[-_.]v?\d+\.\d+.*|\d{2,}.*")
_CODENAMES = re.compile(r"(?:bookworm|trixie|bullseye|jammy|noble)(?:-.*)?")


class DockerfileFacts(BaseModel):
    """What our reader tells from the room; numbers are those of lines."""

    model_config = ConfigDict(frozen=True)
    unreadable: int | None
    bases: list[tuple[int, str]] = []
    user: str = ""
    made: bool = False
    final: int = 1
    last_base: str = ""
    health: bool = False
    loose: list[int] = []
    secrets: list[int] = []
    whole: list[int] = []
    ignored: list[str] = []


def facts_of(work: Workspace, path: str) -> DockerfileFacts:
    """The facts, read once a grading. Raises Fail for what is no Dockerfile."""
    facts = work.once(("dockerfile.facts", path), lambda: _read(work, path))
    if facts.unreadable is not None:
        refuse(path, facts.unreadable)
    return facts


def _read(work: Workspace, path: str) -> DockerfileFacts:
    work.text(path)  # its absence, or other bytes than text, is told as such
    told = asked(work, "dockerfile", TypeAdapter(dict[str, object]), path)
    return in_form("dockerfile", lambda: DockerfileFacts.model_validate(told))


def refuse(path: str, line: int) -> NoReturn:
    """Fail at a line, or for the whole file: it is no Dockerfile."""
    place = (Location(path=path, line=line),) if line else (Location(path=path),)
    raise Fail("not_a_dockerfile", {"path": path}, locations=place)


def name_of(image: str) -> tuple[str, str, str]:
    """An image's name, tag and digest; a port of a registry is no tag."""
    rest, _, digest = image.partition("@")
    folder, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}", tag, digest


def is_allowed(image: str, allowed: Sequence[str]) -> bool:
    """Whether a pattern fits the image's name without its tag."""
    name = name_of(image)[0]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)


def is_pinned(image: str) -> bool:
    """Whether the image stays one version: by digest, by number or by a release's name."""
    _, tag, digest = name_of(image)
    return bool(digest or _VERSION.fullmatch(tag) or _CODENAMES.fullmatch(tag))


def is_ignored(name: str, patterns: Sequence[str]) -> bool:
    """Whether the last pattern that fits leaves a name out, as .dockerignore counts."""
    out = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").strip("/").removeprefix("**/").removesuffix("/**")
        if fnmatch.fnmatchcase(name, bare):
            out = not pattern.startswith("!")
    return out
