"""How a service is written, where behaviour shows it seldom: the last part, and a small one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.results import Kind, Location, Phase, Severity
from graders.service.library import library
from graders.workspace import Workspace
from sandbox.interface import SandboxError

_TOOL = Path(__file__).parents[1] / "inside" / "service_signs.py"


class Signs(BaseModel):
    """The lines of each sign in a file."""

    model_config = ConfigDict(strict=True, frozen=True)
    swallowed: list[int]
    loaded: list[int]
    blocked: list[int]


REASONS = {"swallowed": "errors_swallowed", "loaded": "loads_each_time", "blocked": "stands_still"}


def looks_sound(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = (),
) -> Check:
    """The handlers of requests swallow no error, load no model, and do not stand still.

    Read from the code, so a sign and not a proof: give it few points, and let behaviour decide.
    Reasons: `errors_swallowed` (a broad `except` that neither raises nor calls anything),
    `loads_each_time` (a model is read in a handler), `stands_still` (a blocking call in an
    `async` handler). Each kind of sign costs a third of the points.

        sound = service.looks_sound(points=2)
    """

    def judge(work: Workspace) -> None:
        found = _read(work)
        kinds = {
            kind: [
                Location(path=path, line=line)
                for path, signs in found.items()
                if work.due(path) and not path.startswith("tests/")
                for line in getattr(signs, kind)
            ]
            for kind in REASONS
        }
        seen = [kind for kind, places in kinds.items() if places]
        if seen:
            places = kinds[seen[0]]
            raise Fail(
                REASONS[seen[0]],
                {"found": len(places)},
                share=1 - len(seen) / len(REASONS),
                locations=tuple(places[:20]),
            )

    made = library("service_signs", judge, points, severity, needs, Kind.STATIC)
    return replace(made, phase=Phase.STATIC)


def _read(work: Workspace) -> dict[str, Signs]:
    files = {f"work/{path}": body for path, body in work.files.items()}
    limits = work.rooms.limits
    with work.rooms.fresh({**files, "_signs.py": _TOOL.read_bytes()}, data=None) as room:
        returned = work.rooms.step(lambda: room.call("_signs:signs", "work", limits=limits))
    if returned.stopped:
        raise Ended.of_limit(returned.stopped, target="ast.parse", limits=limits)
    try:
        return TypeAdapter(dict[str, Signs]).validate_python(returned.value)
    except ValidationError as error:
        raise SandboxError("the tool that reads services answered out of form") from error
