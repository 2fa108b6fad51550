"""Import a project's modules, one after the other: carried into a room, tells of the first ending.

Here a learner's code runs, so what comes back is a claim. It earns nothing by itself: whoever
forges it has modules that the checks behind it cannot call.
"""

import importlib
import time
import traceback
from pathlib import Path


def first_trouble(modules: list[str], most_seconds: float) -> dict[str, object] | None:
    """The first module that does not import, or takes longer than it may; None if all do."""
    slow: dict[str, object] | None = None
    for module in modules:
        begun = time.monotonic()
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001 - even SystemExit: whoever imports it ends
            return {"module": module, "error": type(error).__name__, **_place(error)}
        seconds = time.monotonic() - begun
        if seconds > most_seconds and slow is None:
            slow = {"module": module, "seconds": seconds}
    return slow


def _place(error: BaseException) -> dict[str, object]:
    """The last line of the project on the way to the error."""
    project = Path.cwd()
    if isinstance(error, SyntaxError) and error.filename:
        steps = [(error.filename, error.lineno or 1)]
    else:
        steps = [(f.filename, f.lineno or 1) for f in traceback.extract_tb(error.__traceback__)]
    for path, line in reversed(steps):
        if Path(path).is_relative_to(project) and Path(path) != Path(__file__):
            return {"path": Path(path).relative_to(project).as_posix(), "line": line}
    return {"path": "", "line": 0}
