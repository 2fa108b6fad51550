"""What the static tools say of a project: read in one room a phase that runs none of it.

The project lies one folder down, so that nothing of it can be imported by a tool or be taken for
a tool's settings. Whatever a tool answers is plain data, held to its form here. A text that is too
much for a tool ends as the learner's: the tools are ours, the text is theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graders.failures import Ended
from graders.results import Location
from graders.workspace import Workspace
from sandbox.interface import Finished, Json, Limits, Room, SandboxError, Stopped

_NO_COMMAND: Final = 127
MOST_SECONDS: Final = 20.0
MOST_SHOWN: Final = 20  # places that a result shows
_INSIDE: Final = Path(__file__).parent.parent / "inside"
_TOOLS: Final = ("facts", "hosts", "leaks", "requirements", "readme", "dockerfile")
_SETTINGS: Final = {"_pyrefly.toml": b"use-ignore-files = false\nenabled-ignores = []\n"}

_T = TypeVar("_T")
_Line = Annotated[int, Field(ge=0, le=10_000_000)]


class _Told(BaseModel):
    """What a tool of ours tells from a room: in this form or not at all."""

    model_config = ConfigDict(strict=True, frozen=True)


class Door(_Told):
    """A public function, method or class."""

    name: str = Field(max_length=300)
    line: int
    said: bool
    typed: bool


class FileFacts(_Told):
    """What the static tool says of a Python file."""

    doors: list[Door]
    prints: list[int]
    paths: list[int]
    secrets: list[int]
    pasted_sql: list[int]
    silenced: list[int]


class Requirements(_Told):
    """What a project says it needs."""

    there: bool
    total: int
    loose: list[tuple[str, _Line]]


class Readme(_Told):
    """The commands of a README."""

    path: str
    commands: int
    roles: list[str]
    missing: list[_Line]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place that a check complains about."""

    path: str
    line: int
    code: str = ""

    def location(self) -> Location:
        """The place, for a result."""
        return Location(path=self.path, line=self.line)


def project_facts(work: Workspace) -> dict[str, FileFacts]:
    """The facts of each Python file, read once a grading in a room that runs none of it."""
    return work.once(
        "production.project_facts",
        lambda: asked(work, "facts", TypeAdapter(dict[str, FileFacts])),
    )


def addresses(work: Workspace) -> dict[str, list[int]]:
    """The lines of each Python file that hold an address."""
    return asked(work, "hosts", TypeAdapter(dict[str, list[int]]))


def leaks(work: Workspace) -> list[Spot]:
    """The places of any file that look like a secret."""
    found = asked(work, "leaks", TypeAdapter(list[tuple[str, _Line]]))
    return [Spot(path=path, line=line) for path, line in found]


def requirements(work: Workspace, path: str) -> Requirements:
    """What the project needs, by a requirements file or what stands in its place."""
    return asked(work, "requirements", TypeAdapter(Requirements), path)


def readme(work: Workspace) -> Readme:
    """The commands of the project's README."""
    return asked(work, "readme", TypeAdapter(Readme))


def packages(work: Workspace) -> list[str]:
    """The folders from which a project imports what is not its own."""
    return asked(work, "facts", TypeAdapter(list[str]), function="packages")


def asked(
    work: Workspace, tool: str, form: TypeAdapter[_T], *words: Json, function: str = ""
) -> _T:
    """What a tool of ours says of the project. Raises Ended, and SandboxError for our own slip."""
    room, limits = static_room(work), _limits(work)
    target = f"_{tool}:{function or tool}"
    returned = work.rooms.step(lambda: room.call(target, "work", *words, limits=limits))
    if returned.raised and returned.raised.type != "MemoryError":
        raise SandboxError(f"the tool {tool} failed: {returned.raised}")
    if not returned.ok:  # the learner's text was too much for the tool
        raise Ended.of_limit(returned.stopped or Stopped.MEMORY, target=tool, limits=limits)
    return in_form(tool, lambda: form.validate_python(returned.value, strict=False))


def in_form(tool: str, read: Callable[[], _T]) -> _T:
    """What a tool answered, as its form. Raises SandboxError when it is another."""
    try:
        return read()
    except ValidationError as error:
        raise SandboxError(f"{tool} answered out of form") from error


def static_room(work: Workspace) -> Room:
    """The phase's room for tools: the project below ``work/``, the tools beside it."""
    tools = {f"_{name}.py": (_INSIDE / f"{name}.py").read_bytes() for name in _TOOLS}
    project = {f"work/{path}": body for path, body in work.files.items()}
    files = {**project, **tools, **_SETTINGS}
    return work.rooms.shared(files, content="static", data=None)


def run_tool(work: Workspace, *command: str) -> tuple[Finished, bool]:
    """Run a program over the project; the second is whether its output was cut as too long.

    Raises Ended for what the text has done to it, and SandboxError where it only complains of how
    it was called.
    """
    room, limits = static_room(work), _limits(work)
    finished = work.rooms.step(lambda: room.run(*command, limits=limits))
    name, cut = command[0], finished.stopped is Stopped.OUTPUT
    if finished.stopped and not cut:
        raise Ended.of_limit(finished.stopped, target=name, limits=limits)
    if finished.exit_code == _NO_COMMAND:
        raise LookupError(f"the runtime {work.rooms.runtime} of this stage has no {name}")
    if not cut and finished.exit_code is None:  # it died of the text
        raise Ended.of_limit(Stopped.MEMORY, target=name, limits=limits)
    if finished.exit_code not in (None, 0, 1) and not finished.stdout:
        raise SandboxError(f"{name} failed: {finished.stderr[-500:]!r}")
    return finished, cut


def _limits(work: Workspace) -> Limits:
    """What a tool may use: an honest project needs a second, a text made for it does not end."""
    limits = work.rooms.limits
    return replace(
        limits,
        wall_seconds=min(MOST_SECONDS, limits.wall_seconds),
        cpu_seconds=min(MOST_SECONDS, limits.cpu_seconds),
    )


def shown(spots: Sequence[Spot]) -> tuple[Location, ...]:
    """The first places, for a result."""
    return tuple(spot.location() for spot in spots[:MOST_SHOWN])
