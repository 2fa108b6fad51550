"""Every reason of these libraries has its message, and every message a place that says it."""

import re
from pathlib import Path

import pytest

from graders.forms import fill
from graders.marked import read_marked
from graders.messages import LIBRARY, LibraryTexts

GRADERS = Path(__file__).resolve().parents[3] / "graders"
SOURCES = {
    "documents": [*sorted((GRADERS / "documents").glob("*.py"))],
    "decision": [*sorted((GRADERS / "decision").glob("*.py")), GRADERS / "parsing.py"],
    "plan": [GRADERS / "plan.py"],
    "experiment": [*sorted((GRADERS / "experiment").glob("*.py"))],
}
WORD = re.compile(r'f?"([a-z_{}\[\]0-9\']*[a-z_]{4,}[a-z_{}\[\]0-9\']*)"')


@pytest.mark.parametrize("library", SOURCES)
def test_no_message_is_said_by_nobody(library: str) -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES[library])
    said = [re.sub(r"\{[^}]*\}", "[a-z]+", word) for word in WORD.findall(text)]
    texts = fill(LibraryTexts, read_marked(LIBRARY / f"{library}.yaml"))
    reasons = [*texts.reasons, *(r for check in texts.checks.values() for r in check.reasons)]
    mute = [r for r in reasons if not any(re.fullmatch(word, r) for word in said)]
    assert mute == []
    assert len(reasons) > 10


@pytest.mark.parametrize("library", SOURCES)
def test_every_reason_that_is_named_has_a_message(library: str) -> None:
    known = {
        reason
        for path in LIBRARY.glob("*.yaml")
        for reason in re.findall(r"^ +([a-z_]+):$", path.read_text("utf-8"), re.M)
    }
    text = "\n".join(path.read_text("utf-8") for path in SOURCES[library])
    named = re.findall(r'Fail\(\s*(f?)"([^"]+)"', text)
    assert len(named) > 3
    for formatted, name in named:
        pattern = re.sub(r"\{[^}]*\}", "[a-z]+", name) if formatted else re.escape(name)
        assert [reason for reason in known if re.fullmatch(pattern, reason)], name
