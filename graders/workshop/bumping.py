"""Which version a change of a quest asks for, so that nobody's work breaks half way.

A *patch* reaches those who are in the middle at once and in silence: words, hints, the proof. A
*minor* one changes how a stage judges, never so that good work becomes worse: they keep the rules
of their stage until it is passed. A *major* one changes the contract, the data, the order of the
stages, or asks for more than before: they stay on the version that they began.
"""

import enum
import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML

Tree = Any


class Bump(enum.IntEnum):
    """How far a version moves; ordered."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that differs from the version before, and what it asks for."""

    what: str
    bump: Bump
    why: str


WORDS: Final = "words: they reach everybody at once"
PROOF: Final = "the quest's own proof: no learner meets it"
JUDGING: Final = "how the stage judges: it must not turn under those who are at it"
DATA: Final = "the data: what was measured on the old ones no longer holds"
CONTRACT: Final = "the contract: work that was right may no longer be"
MORE: Final = "it asks for more than those who have passed were asked for"
LESS: Final = "it asks for less; nobody who passed loses by it"
_ONE_BY_ONE: Final = ("quest.yaml", "exact.json", "calibration.json", "stages/*/messages.yaml")
_FILES: Final = (
    ("data.py", Bump.MAJOR, DATA),
    ("world.py", Bump.MAJOR, DATA),
    ("starter/*", Bump.MINOR, "what a learner begins with: those who began keep theirs"),
    ("mistakes/*", Bump.PATCH, PROOF),
    ("cheats/*", Bump.PATCH, PROOF),
    ("calibrate.py", Bump.PATCH, PROOF),
    ("translations.json", Bump.PATCH, WORDS),
    ("reference/*", Bump.MINOR, "what learners' tests are run against"),
    ("variants/*", Bump.MINOR, "what learners' tests are run against"),
    ("bugs/*", Bump.MINOR, "what learners' tests are run against"),
    ("*.md", Bump.PATCH, WORDS),
    ("*.svg", Bump.PATCH, WORDS),
    ("*", Bump.MINOR, JUDGING),
)
_KEYS: Final = (  # of quest.yaml, the first that fits
    ("uuid", Bump.MAJOR, "another quest: a new uuid is a new quest"),
    ("slug", Bump.MAJOR, "its address"),
    ("tables.*.rows*", Bump.PATCH, WORDS),
    ("tables.*meaning*", Bump.MINOR, "the data dictionary: people decided by it"),
    ("tables.*unit*", Bump.MINOR, "the data dictionary: people decided by it"),
    ("tables*", Bump.MAJOR, DATA),
    ("scales*", Bump.MAJOR, DATA),
    ("grading_scale", Bump.MAJOR, DATA),
    ("database", Bump.MAJOR, CONTRACT),
    ("package", Bump.MAJOR, CONTRACT),
    ("runtime", Bump.MAJOR, CONTRACT),
    ("guardrails*", Bump.MAJOR, MORE),
    ("stages", Bump.MAJOR, "which stages there are, and their order"),
    ("stages.*.title*", Bump.PATCH, WORDS),
    ("stages.*.summary*", Bump.PATCH, WORDS),
    ("stages.*.estimate_minutes", Bump.PATCH, WORDS),
    ("stages.*", Bump.MAJOR, CONTRACT),
    ("gates*", Bump.MINOR, JUDGING),
    ("*", Bump.PATCH, WORDS),
)
_UP_IS_HARDER: Final = ("stages.*.pass", "stages.*.merit")
_UP_IS_EASIER: Final = ("limits.*", "stages.*.limits.*")
_NUMBERS_ASIDE: Final = re.compile(r"(^|\.)(how|versions|measured)(\.|$)")
_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Change]:
    """All that differs between the files of two versions, the gravest first."""
    found: list[Change] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is not None and new is not None and _fits(path, _ONE_BY_ONE):
            found += _inside(path, old, new)
        else:
            found.append(_of_file(path, "new" if old is None else "gone" if new is None else ""))
    return sorted(found, key=lambda change: (-change.bump, change.what))


def refusal(before: str, after: str, found: Iterable[Change]) -> str | None:
    """Why a version may not follow another; None when it may."""
    listed = list(found)
    old, new = _numbers(before), _numbers(after)
    if not listed:
        return f"nothing differs from {before}, which is published"
    if new <= old:
        return f"{after} does not come after {before}, which is published; versions only grow"
    needed = max(change.bump for change in listed)
    if step(before, after) >= needed:
        return None
    first = next(change for change in listed if change.bump is needed)
    return (
        f"{after} is a {step(before, after).name.lower()} step from {before}, and {first.what}"
        f" asks for a {needed.name.lower()} one ({first.why}): make it {following(before, needed)}"
    )


def step(before: str, after: str) -> Bump:
    """How far a version moved."""
    old, new = _numbers(before), _numbers(after)
    if new[0] != old[0]:
        return Bump.MAJOR
    return Bump.MINOR if new[1] != old[1] else Bump.PATCH


def following(version: str, bump: Bump) -> str:
    """The version that a change of this size makes."""
    major, minor, patch = _numbers(version)
    match bump:
        case Bump.MAJOR:
            return f"{major + 1}.0.0"
        case Bump.MINOR:
            return f"{major}.{minor + 1}.0"
        case Bump.PATCH:
            return f"{major}.{minor}.{patch + 1}"


def of_checks(before: Mapping[str, str], after: Mapping[str, str], *, stage: str) -> list[Change]:
    """What new checks ask for; both map a check's name to its severity."""
    found = []
    for name in after.keys() - before.keys():
        hard = after[name] in ("blocker", "major")
        bump, why = (Bump.MAJOR, MORE) if hard else (Bump.MINOR, JUDGING)
        found.append(
            Change(what=f"{stage}: the new {after[name]} check {name}", bump=bump, why=why)
        )
    for name in before.keys() & after.keys():
        if after[name] == "blocker" and before[name] != "blocker":
            what = f"{stage}: {name}, now a blocker"
            found.append(Change(what=what, bump=Bump.MAJOR, why=MORE))
    return found


def _of_file(path: str, state: str) -> Change:
    bump, why = next((b, w) for pattern, b, w in _FILES if fnmatch.fnmatchcase(path, pattern))
    return Change(what=f"{state} {path}".strip(), bump=bump, why=why)


def _inside(path: str, old: bytes, new: bytes) -> Iterator[Change]:
    """The changes of a file that says many things, key by key."""
    if path.endswith(".json"):
        yield from _of_numbers(path, json.loads(old), json.loads(new))
        return
    before, after = _read(old), _read(new)
    if path != "quest.yaml":
        yield from _of_messages(path, before, after)
        return
    if [s.get("slug") for s in before["stages"]] != [s.get("slug") for s in after["stages"]]:
        yield _of_key("stages", None, None)
    for key, was, is_ in _differing(_named(before), _named(after)):
        if key != "version":
            yield _of_key(key, was, is_)


def _of_key(key: str, was: Tree, is_: Tree) -> Change:
    what = f"quest.yaml: {key}"
    both = _is_number(was) and _is_number(is_)
    for patterns, sign in ((_UP_IS_HARDER, 1), (_UP_IS_EASIER, -1)):
        if both and _fits(key, patterns):
            harder = sign * (is_ - was) > 0
            bump, why = (Bump.MAJOR, MORE) if harder else (Bump.MINOR, LESS)
            return Change(what=what, bump=bump, why=why)
    bump, why = next((b, w) for pattern, b, w in _KEYS if fnmatch.fnmatchcase(key, pattern))
    return Change(what=what, bump=bump, why=why)


def _of_messages(path: str, before: Tree, after: Tree) -> Iterator[Change]:
    """Words are words; what a reason may say of somebody's work is how the stage judges."""
    for key, _, _ in _differing(before, after):
        parts = key.split(".")
        judging = "params" in parts or parts[-1:] == ["reasons"]
        bump, why = (Bump.MINOR, JUDGING) if judging else (Bump.PATCH, WORDS)
        yield Change(what=f"{path}: {key}", bump=bump, why=why)


def _of_numbers(path: str, before: Tree, after: Tree) -> Iterator[Change]:
    spans = dict(_spans(before))
    for key, was, is_ in _differing(before, after):
        what = f"{path}: {key}"
        if _NUMBERS_ASIDE.search(key):
            yield Change(what=what, bump=Bump.PATCH, why=PROOF)
            continue
        span = spans.get(key.rpartition(".")[0])
        both = span is not None and _is_number(was) and _is_number(is_)
        if both and span and (is_ - was) * (span[1] - span[0]) > 0:
            yield Change(what=what, bump=Bump.MAJOR, why=MORE)
        else:
            yield Change(what=what, bump=Bump.MINOR, why=JUDGING)


def _spans(tree: Tree, where: str = "") -> Iterator[tuple[str, tuple[float, float]]]:
    """Where points begin and where they are full, by key: which way is harder."""
    if not isinstance(tree, dict):
        return
    for first, last in (("baseline", "target"), ("pass", "merit")):
        if _is_number(tree.get(first)) and _is_number(tree.get(last)):
            yield where, (tree[first], tree[last])
    for key, value in tree.items():
        yield from _spans(value, f"{where}.{key}" if where else str(key))


def _differing(old: Tree, new: Tree, where: str = "") -> Iterator[tuple[str, Tree, Tree]]:
    """The dotted keys whose values differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            inner = f"{where}.{key}" if where else str(key)
            yield from _differing(old.get(key), new.get(key), inner)
    elif old != new:
        yield where, old, new


def _named(quest: Tree) -> Tree:
    """The facts of quest.yaml, stages under their slugs, so that a new one moves no other."""
    stages = {stage["slug"]: stage for stage in quest.get("stages", [])}
    return {**quest, "stages": stages}


def _read(body: bytes) -> Tree:
    return YAML(typ="safe", pure=True).load(body.decode("utf-8"))


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _is_number(value: Tree) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(version: str) -> tuple[int, int, int]:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"no version: {version}")
    return int(match[1]), int(match[2]), int(match[3])
