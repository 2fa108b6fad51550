"""Ready-made checks of production-readiness: an author adds one with a line in checks.py.

    from graders import production

    style = production.lint(points=4)
    doors = production.documented(points=4)

Each answers a `Check` with a fixed name, whose texts are in ``graders/messages/production.yaml``;
a stage's messages.yaml may say them better. Nearly all are of the static phase: a learner's text
is read by tools of ours, ruff and a type checker, in one room that holds none of it to import.
Signs like these are cheap to fake, so they never stand for behaviour: give them few points, and
let the checks that call the code decide.

| Check | It proves |
|---|---|
| `package_layout`, `imports` | logic is in modules, not in cells, and every module imports |
| `lint`, `formatted` | ruff finds nothing, and changes nothing |
| `annotated`, `types` | public functions say their types, and no caller contradicts them |
| `documented` | public names say what they promise |
| `pinned` | tomorrow's installation is today's |
| `no_secrets`, `configured`, `no_absolute_paths` | what differs by host is outside |
| `binds_sql`, `logs` | values are bound, and what happens is logged |
| `readme` | the README's commands install, run and test it, and name what is there |
| `reproducible` | two runs with one seed agree |
"""

from graders.production.contradictions import types
from graders.production.layout import imports, package_layout
from graders.production.reading import FileFacts, Spot, project_facts
from graders.production.reproducing import reproducible, same_after_retraining
from graders.production.running import readme
from graders.production.settings import (
    binds_sql,
    configured,
    logs,
    no_absolute_paths,
    no_secrets,
    pinned,
)
from graders.production.style import (
    LINE_LENGTH,
    RULES,
    annotated,
    documented,
    formatted,
    lint,
)

__all__ = [
    "LINE_LENGTH",
    "RULES",
    "FileFacts",
    "Spot",
    "annotated",
    "binds_sql",
    "configured",
    "documented",
    "formatted",
    "imports",
    "lint",
    "logs",
    "no_absolute_paths",
    "no_secrets",
    "package_layout",
    "pinned",
    "project_facts",
    "readme",
    "reproducible",
    "same_after_retraining",
    "types",
]
