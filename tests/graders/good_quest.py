"""A small quest with nothing to mend: what `sim new` makes, without its notes to the author."""

import shutil
from pathlib import Path

from graders.workshop.mending import mend
from simulator.cli.scaffolding import TEMPLATES


def write_good_quest(root: Path) -> Path:
    """The quest's folder, ready to be published."""
    folder = root / "new_quest"
    shutil.copytree(TEMPLATES / "quest", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.rglob("*"):
        if path.suffix in (".md", ".yaml"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(line for line in lines if "✎" not in line), encoding="utf-8")
    facts = folder / "quest.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("status: wip", "status: active"))
    mend(folder)  # which remembers that the two languages match
    return folder
