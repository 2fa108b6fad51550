"""What a learner reads: every reason's message, in every language, in four parts.

A stage's ``messages.yaml`` maps the name of each check to its texts (a ``Text`` is
``{en: "...", ru: "..."}``, both required; plain text in which backticks mark code)::

    rows_match:                          # the check's name, public or hidden
      title: Text                        # required: a short noun phrase or claim
      brief: Text                        # required: one line, what is judged
      passed: Text                       # optional: one sentence for a pass; takes no params
      reasons:                           # optional: what `fail` and `praise` may name
        values_differ:
          params: {column: identifier, share: percent, rows: int}
          what: Text                     # required: observed and expected, a fact, no blame
          why: Text                      # one production consequence; a blocker must have it
          reproduce: "python -m ..."     # optional: one command, the same in every language,
                                         # or a Text where no command does it
          learn: {title: Text, lesson: slug, minutes: 4}     # optional; at most 5 minutes

Texts take ``{name}`` for a declared parameter and ``{name|one|other}`` (English) or
``{name|one|few|many}`` (Russian) for the word that fits its number:
``{rows} {rows|строка|строки|строк}``. Parameter types, and how they are rounded and shown:

* ``int`` 12,345 · ``id`` 12345 · ``float`` (3 decimals) or ``float(2)``
* ``percent`` a share: 0.123 is 12.3 % · ``money`` whole roubles
* ``seconds`` 4.2 s · ``megabytes`` 512 MB
* ``identifier`` a name in code, ``identifiers`` a comma-separated list of them, ``path`` a file
* ``enum[a, b]`` one of these words, shown as it is

A check that returns a bare share gets the message of its reason ``partial`` or ``failed``, where
it has one; such a reason may take ``points`` and ``max_points`` (float).

Other text is refused: it could carry hidden data. A reason that a check does not declare is
looked up among the common ones (``graders/messages/*.yaml``), and so are the texts of library
checks. A message has at most 90 words in all, and no word that blames.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, RootModel

from graders.faults import Fault, QuestError
from graders.forms import fill
from graders.marked import Marked, read_marked
from graders.quest import Facts, Language, Quest, Slug, Stage, Text
from graders.results import CheckResult, Outcome, Param
from graders.texts import ParamType, fill_in, param_type, text_faults, typeset

LIBRARY = Path(__file__).parent / "messages"


class Learn(Facts):
    """Where to read on: a lesson of the quest."""

    title: Text
    lesson: Slug
    minutes: int


class Reason(Facts):
    """One reason of a check, in four parts."""

    params: dict[str, str] = Field(default_factory=dict)
    """Types by name: int, id, float(2), percent, money, seconds, megabytes, identifier(s), path,
    enum[a, b]."""
    what: Text
    """Observed and expected: a fact in the past tense, no blame."""
    why: Text | None = None
    """One consequence in production, in the present tense, with a number where there is one."""
    reproduce: str | Text | None = None
    """One command on public data, the same in every language; or a sentence where none does it."""
    learn: Learn | None = None
    """A lesson of at most five minutes."""

    @functools.cached_property
    def types(self) -> dict[str, ParamType]:
        """The declared type of each parameter."""
        return {name: param_type(spelled) for name, spelled in self.params.items()}


class CheckTexts(Facts):
    """The texts of one check."""

    title: Text
    """The claim that is checked, in a few words."""
    brief: Text
    """One line: what is judged."""
    passed: Text | None = None
    """One sentence for a pass; it takes no parameters."""
    reasons: dict[str, Reason] = Field(default_factory=dict)
    """What `fail` and `praise` may name."""


class StageTexts(RootModel[dict[str, CheckTexts]]):
    """A stage's messages.yaml."""


class LibraryTexts(Facts):
    """A file of common messages."""

    checks: dict[str, CheckTexts] = Field(default_factory=dict)
    reasons: dict[str, Reason] = Field(default_factory=dict)
    sentences: dict[str, Text] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All the texts that a stage may show: its own first, then the common ones."""

    own: dict[str, CheckTexts]
    library: LibraryTexts
    marked: Marked  # the stage's file, to tell where a text stands

    def texts(self, check: str) -> CheckTexts | None:
        """The texts of a check."""
        return self.own.get(check) or self.library.checks.get(check)

    def reason(self, check: str, reason: str) -> Reason | None:
        """The message of a reason: of the stage, of the library check, or common."""
        for texts in (self.own.get(check), self.library.checks.get(check)):
            if texts and reason in texts.reasons:
                return texts.reasons[reason]
        return self.library.reasons.get(reason)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A result in words: plain text, to be escaped; backticks mark code."""

    title: str
    brief: str
    sentence: str  # one short sentence for a line of a list
    what: str = ""
    why: str = ""
    reproduce: str = ""
    is_command: bool = False  # `reproduce` is to be copied, not read
    learn: str = ""  # the title of the lesson
    lesson: str = ""  # its slug in the quest
    minutes: int = 0
    params: dict[str, Param] = field(default_factory=dict)


def render(quest: Quest, stage: Stage, result: CheckResult, language: Language) -> Message:
    """The message of a result in a language."""
    catalogue = load_catalogue(quest, stage)
    texts = catalogue.texts(result.check)
    title = typeset(texts.title[language] if texts else result.check, language)
    brief = typeset(texts.brief[language] if texts else "", language)
    sentence = _sentence(catalogue, texts, result, language)
    reason = catalogue.reason(result.check, result.reason) if result.reason else None
    if reason is None:
        return Message(title=title, brief=brief, sentence=sentence, what=sentence)
    parts = {name: _say(reason, text, result, language) for name, text in _parts(reason).items()}
    return Message(
        title=title,
        brief=brief,
        sentence=parts["what"] if result.outcome is Outcome.PASSED else sentence,
        what=parts["what"],
        why=parts.get("why", ""),
        reproduce=_reproduce(reason, result, language),
        is_command=isinstance(reason.reproduce, str),
        learn=typeset(reason.learn.title[language], language) if reason.learn else "",
        lesson=reason.learn.lesson if reason.learn else "",
        minutes=reason.learn.minutes if reason.learn else 0,
        params=result.params,
    )


def sentence(name: str, language: Language, params: dict[str, Param] | None = None) -> str:
    """A common sentence by its name, for example why a hand-in is refused."""
    reason = library_texts().reasons.get(name)
    if reason is None:
        text = library_texts().sentences[name][language]
        return typeset(fill_in(text, params or {}, {}, language), language)
    return typeset(fill_in(reason.what[language], params or {}, reason.types, language), language)


def _parts(reason: Reason) -> dict[str, Text]:
    return {"what": reason.what} | ({"why": reason.why} if reason.why else {})


def _say(reason: Reason, text: Text, result: CheckResult, language: Language) -> str:
    return typeset(fill_in(text[language], result.params, reason.types, language), language)


def _reproduce(reason: Reason, result: CheckResult, language: Language) -> str:
    """In a command to copy, numbers stay as a shell reads them."""
    if isinstance(reason.reproduce, dict):
        return _say(reason, reason.reproduce, result, language)
    return fill_in(reason.reproduce or "", result.params, reason.types, None)


def _sentence(
    catalogue: Catalogue, texts: CheckTexts | None, result: CheckResult, language: Language
) -> str:
    if result.outcome is Outcome.PASSED and texts and texts.passed:
        return typeset(texts.passed[language], language)
    waits = catalogue.texts(result.waits_for) if result.waits_for else None
    common = catalogue.library.sentences[result.outcome.value][language]
    params: dict[str, Param] = {
        "points": round(result.points, 1),
        "max_points": round(result.max_points, 1),
        "waits_for": waits.title[language] if waits else result.waits_for or "",
    }
    return typeset(fill_in(common, params, {}, language), language)


def load_catalogue(quest: Quest, stage: Stage) -> Catalogue:
    """The texts of a stage, read once a version of the quest. Raises QuestError."""
    return _catalogue(quest.stage_folder(stage) / "messages.yaml", quest.digest)


@functools.lru_cache(maxsize=256)
def _catalogue(path: Path, digest: str) -> Catalogue:
    del digest  # a part of the key: a changed quest is read again
    catalogue, faults = read_catalogue(path)
    if faults:
        raise QuestError(faults)
    return catalogue


def read_catalogue(path: Path) -> tuple[Catalogue, list[Fault]]:
    """The texts of a messages.yaml, and where they break the style guide. Raises QuestError."""
    marked = read_marked(path)
    own = fill(StageTexts, marked).root
    faults = [
        fault for check, texts in own.items() for fault in _check_faults(marked, (check,), texts)
    ]
    return Catalogue(own=own, library=library_texts(), marked=marked), faults


def _check_faults(marked: Marked, where: tuple[str, ...], texts: CheckTexts) -> Iterator[Fault]:
    plain: dict[tuple[str, ...], Text] = {("title",): texts.title, ("brief",): texts.brief}
    plain |= {("passed",): texts.passed} if texts.passed else {}
    yield from text_faults(marked, where, plain, {})
    for name, reason in texts.reasons.items():
        yield from _reason_faults(marked, (*where, "reasons", name), reason)


def _reason_faults(marked: Marked, where: tuple[str, ...], reason: Reason) -> Iterator[Fault]:
    parts: dict[tuple[str, ...], Text] = {(name,): text for name, text in _parts(reason).items()}
    if isinstance(reason.reproduce, str):
        parts[("reproduce",)] = {"en": f"`{reason.reproduce}`", "ru": f"`{reason.reproduce}`"}
    elif reason.reproduce:
        parts[("reproduce",)] = reason.reproduce
    if reason.learn:
        parts[("learn", "title")] = reason.learn.title
    yield from text_faults(marked, where, parts, reason.params)


@functools.cache
def library_texts() -> LibraryTexts:
    """The common messages of ``graders/messages``. Raises QuestError: ours, and tested."""
    merged = LibraryTexts()
    for path in sorted(LIBRARY.glob("*.yaml")):
        marked = read_marked(path)
        texts = fill(LibraryTexts, marked)
        faults = [
            f for n, c in texts.checks.items() for f in _check_faults(marked, ("checks", n), c)
        ]
        faults += [
            f for n, r in texts.reasons.items() for f in _reason_faults(marked, ("reasons", n), r)
        ]
        if faults:
            raise QuestError(faults)
        merged = LibraryTexts(
            checks={**merged.checks, **texts.checks},
            reasons={**merged.reasons, **texts.reasons},
            sentences={**merged.sentences, **texts.sentences},
        )
    return merged
