"""JSON Schemas of the files that authors write: an editor completes and checks while they type."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from graders.messages import StageTexts
from graders.quest import Quest
from graders.works import About

FOLDER: Final = Path(__file__).parent / "schemas"
_MODELS: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "quest": (Quest, "quest.yaml: the facts of a quest"),
    "messages": (StageTexts, "messages.yaml: what a learner reads of a stage's checks"),
    "work": (About, "work.yaml: what a mistake, cheat, variant or bug stands for"),
}
_LOADED: Final = ("folder", "digest")  # facts that no file states


def schema(name: str) -> dict[str, Any]:
    """The schema of ``quest``, ``messages`` or ``work``. Raises KeyError."""
    model, title = _MODELS[name]
    found = model.model_json_schema(by_alias=True)
    for key in _LOADED:
        if found.get("properties", {}).pop(key, None):
            found["required"].remove(key)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": title}


def files() -> dict[str, str]:
    """The text of every schema file, by its name."""
    return {
        f"{name}.schema.json": json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"
        for name in _MODELS
    }


def write(folder: Path) -> list[Path]:
    """Write the schema files into a folder, and tell which."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files()]
