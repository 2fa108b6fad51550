"""The reference of the check libraries, written from their docstrings: ``docs/checks.md``.

    python -m graders.reference          write the page
    python -m graders.reference --check  say whether it is current

A library is any module of `graders` that has texts of its own in ``graders/messages``, that makes
checks, or that quests may import; a new one turns up here without being named anywhere.
"""

import argparse
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import graders
from graders.checking import Check, check, praise
from graders.failures import fail
from graders.messages import LIBRARY, library_texts
from graders.workspace import Workspace

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "checks.md"
_HEAD: Final = """\
# Check libraries

What a stage's `checks.py` may call, a line a check. Written from docstrings by `make docs`; do
not edit. The texts of every reason stand in `graders/messages`, in English and Russian; a stage's
`messages.yaml` may say them better. From beginning to end: [authors.md](authors.md).
"""
# Packages of the judge itself, and what libraries are made with.
_NO_LIBRARIES: Final = ("inside", "inspecting", "loading", "ready", "reference", "workshop")
_PLURAL: Final = re.compile(r"\{\w+\|(?:[^{}|]*\|)*(?P<many>[^{}|]*)\}")
_ALLOWED: Final = re.compile(r"quests\.\*\* -> graders\.(\w+)$")
_CODE: Final = re.compile(r"``(.+?)``", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A public name of a library."""

    name: str
    thing: Any  # a function or a class

    @property
    def doc(self) -> str:
        """Its docstring; empty where there is none, or only what a dataclass makes up."""
        doc = inspect.getdoc(self.thing) or ""
        return "" if doc.startswith(f"{self.name}(") else doc

    @property
    def makes_a_check(self) -> bool:
        """Whether calling it gives a check."""
        return inspect.isfunction(self.thing) and _returns(self.thing) == "Check"


def main(argv: list[str] | None = None) -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args(argv).check:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """The whole page."""
    words = "\n".join(_words())
    parts = [_HEAD, words, *("\n".join(_section(module)) for module in libraries())]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def libraries() -> list[ModuleType]:
    """The modules that authors call, by name."""
    allowed = _allowed()
    spoken = {path.stem for path in LIBRARY.glob("*.yaml")}
    found = []
    for info in pkgutil.iter_modules(graders.__path__):
        if info.name.startswith("_") or info.name in _NO_LIBRARIES:
            continue
        module = importlib.import_module(f"graders.{info.name}")
        checks = any(entry.makes_a_check for entry in entries(module))
        if checks or info.name in allowed | spoken:
            found.append(module)
    return found


def entries(module: ModuleType) -> list[Entry]:
    """The public names that a library defines or takes from its own parts, as they stand in it."""
    names = getattr(module, "__all__", None) or list(vars(module))
    found = [
        Entry(name=name, thing=vars(module)[name]) for name in names if not name.startswith("_")
    ]
    return [entry for entry in found if _is_own(entry.thing, module)]


def _is_own(thing: object, module: ModuleType) -> bool:
    home = getattr(thing, "__module__", "") or ""
    mine = home == module.__name__ or home.startswith(f"{module.__name__}.")
    return mine and (inspect.isfunction(thing) or inspect.isclass(thing))


def _allowed() -> set[str]:
    """What quests may import, as import-linter holds it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    lines = [line for contract in contracts for line in contract.get("ignore_imports", ())]
    return {match[1] for line in lines if (match := _ALLOWED.match(line))}


def _words() -> Iterator[str]:
    """The author's own words: what marks a check, what it says, and what it may ask."""
    yield "## graders\n"
    yield "What every check uses: `from graders import Workspace, check, fail, praise`.\n"
    for thing in (check, fail, praise):
        yield from _entry(Entry(name=thing.__name__, thing=thing))
    yield "### Workspace\n"
    yield from _text(inspect.getdoc(Workspace) or "")
    for name, thing in vars(Workspace).items():
        if not name.startswith("_") and inspect.isfunction(thing):
            yield from _entry(Entry(name=f"work.{name}", thing=thing))


def _entry(entry: Entry) -> Iterator[str]:
    yield f"#### `{_signature(entry)}`\n"
    yield from _text(entry.doc)
    yield from _reasons(entry)


def _section(module: ModuleType) -> Iterator[str]:
    yield f"## {module.__name__}\n"
    yield from _text(inspect.getdoc(module) or "")
    own = entries(module)
    checks = [entry for entry in own if entry.makes_a_check]
    others = [
        entry for entry in own if not entry.makes_a_check and inspect.isfunction(entry.thing)
    ]
    spoken = module.__name__.rpartition(".")[2] in {path.stem for path in LIBRARY.glob("*.yaml")}
    title = "For use inside a check" if spoken else "For data.py and world.py"
    for heading, some in (("Ready checks", checks), (title, others)):
        if some:
            yield f"### {heading}\n"
        for entry in some:
            yield from _entry(entry)


def _text(doc: str) -> Iterator[str]:
    """A docstring as Markdown: double backticks become single, indented examples stay code."""
    if doc:
        yield _CODE.sub(r"`\1`", doc)
        yield ""


def _signature(entry: Entry) -> str:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(entry.thing).parameters.values()
        if parameter.name != "self"
    ]
    shown = [re.sub(r"<Severity\.\w+: '(\w+)'>", r'"\1"', str(one)) for one in parameters]
    stars = [n for n, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY]
    if stars and not any(one.kind is one.VAR_POSITIONAL for one in parameters):
        shown.insert(stars[0], "*")
    return f"{entry.name}({', '.join(shown)})"


def _reasons(entry: Entry) -> Iterator[str]:
    """What a ready check can say, as far as it can be made without knowing its quest."""
    made = _made(entry.thing) if entry.makes_a_check else None
    texts = library_texts().checks.get(made.name) if made else None
    if made is None or texts is None:
        return
    yield f"Check `{made.name}`, group {made.group}, phase {made.phase}: {texts.title['en']}.\n"
    if texts.reasons:
        yield "| reason | what a learner reads |"
        yield "|---|---|"
    for name, reason in texts.reasons.items():
        words = _PLURAL.sub(r"\g<many>", " ".join(reason.what["en"].split()))
        yield f"| `{name}` | {words.replace('|', chr(92) + '|')} |"
    yield ""


def _made(factory: Callable[..., Check]) -> Check | None:
    """A check of a factory that asks for points alone."""
    parameters = inspect.signature(factory).parameters.values()
    terms = any(one.kind is one.VAR_KEYWORD for one in parameters)  # points are among them
    needed = {
        one.name
        for one in parameters
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    }
    return factory(points=1) if needed == {"points"} or (terms and not needed) else None


def _returns(function: Callable[..., object]) -> str:
    annotation = inspect.signature(function).return_annotation
    return getattr(annotation, "__name__", str(annotation))


if __name__ == "__main__":
    sys.exit(main())
