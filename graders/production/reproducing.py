"""Two runs with one seed agree: retrained in a fresh interpreter that orders its sets anew."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from graders.checking import Check
from graders.failures import Fail
from graders.production.making import Needs, ready
from graders.results import Phase, Severity
from graders.workspace import Workspace

Answer = Callable[[Workspace], Sequence[float] | npt.NDArray[np.float64]]
# A Python that shares nothing with the first run's: text hashes, and with them the order of a
# set, differ between interpreters, as they will on the next host.
_ANEW: Final[Mapping[str, str]] = {"PYTHONHASHSEED": "20240229"}
_PYTHON: Final = ("python", "-Xutf8")  # with an option, it is no longer the warm interpreter


def reproducible(
    *command: str,
    points: float,
    answer: Answer | None = None,
    artifacts: Sequence[str] = (),
    tolerance: float = 0.0,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Two runs of a command with the same seed and data end alike.

    Compared are the numbers that `answer` asks of the trained project, within `tolerance`, or the
    bytes of `artifacts` (paths below ``/artifacts``), or both. The second run has a fresh
    interpreter with another hash seed. Train phase. Reasons: retraining_differs, artifact_differs.

        twice = production.reproducible("python", "-m", "churn.train", points=4, answer=scores)
    """
    if answer is None and not artifacts:
        raise ValueError("reproducible compares an answer, artifacts, or both: name one")

    def judge(work: Workspace) -> None:
        work.train(*command)
        kept = {path: work.artifact(path) for path in artifacts}
        asked = answer or (lambda _: ())
        same_after_retraining(work, *command, answer=asked, tolerance=tolerance)
        changed = [path for path, body in kept.items() if work.artifact(path) != body]
        if changed:
            raise Fail("artifact_differs", {"path": changed[0], "found": len(changed)})

    return ready(
        "reproducible", judge, points=points, severity=severity, needs=needs, phase=Phase.TRAIN
    )


def same_after_retraining(
    work: Workspace,
    *command: str,
    answer: Answer,
    tolerance: float = 0.0,
    data: str | None = None,
) -> None:
    """Train once more in a fresh room; fail when `answer` is another than before.

    For use inside a check, after a first `work.train`. `answer` asks the trained project for
    numbers, for example the scores of some rows. A Python command runs in a fresh interpreter with
    another hash seed, so an order that is a set's does not stay hidden.
    Reason: retraining_differs.
    """
    first = np.asarray(answer(work), dtype=np.float64)
    anew = (*_PYTHON, *command[1:]) if command[0] == "python" else command
    work.train(*anew, data=data, env=_ANEW)
    second = np.asarray(answer(work), dtype=np.float64)
    if first.shape != second.shape:
        raise Fail("retraining_differs", {"rows": len(first), "total": len(first), "largest": 0})
    same = np.isclose(first, second, rtol=0, atol=tolerance, equal_nan=True)
    if not same.all():
        both = np.isfinite(first) & np.isfinite(second) & ~same
        gap = float(np.abs(first - second)[both].max(initial=0.0))
        facts = {"rows": int((~same).sum()), "total": int(same.size), "largest": gap}
        raise Fail("retraining_differs", dict(facts))
