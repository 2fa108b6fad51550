"""Hand in once, whatever the connection does, and watch the grading until its last word."""

import hashlib
import io
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from simulator.cli.learning.project import Project, Sent
from simulator.cli.learning.site import WAITS, Event, Lost, Site
from simulator.cli.learning.speaking import GLYPHS, Voice
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import OUTCOMES, PHASES, said, word
from simulator.cli.printing import Code
from simulator.wire import AttemptOut, PhaseNews, ReportOut, ResultNews, StateNews, VerdictNews

ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
ENDED: Final = frozenset({"done", "cancelled", "quarantined", "refused"})


def hand_in(site: Site, project: Project, stage: str, *, again: bool) -> tuple[Sent, bool]:
    """What stands for this work on the site, and whether it was handed in before.

    The key is written down before the site is asked: when the answer is lost, the same command
    asks with the same key, and the site gives the attempt that is already there. Raises Trouble.
    """
    files = project.files()
    work = digest_of(files, stage)
    before = project.sent()
    known = before if before is not None and before.work == work else None
    if known is not None and known.attempt and not (again and known.ended):
        return known, True
    fresh = Sent(key=uuid.uuid4().hex, stage=stage, work=work)
    sent = known if known is not None and not known.attempt else project.remember_sent(fresh)
    path = f"/api/quests/{project.facts.quest}/stages/{stage}/attempts"
    attempt = site.send("POST", path, AttemptOut, archive=pack(files), key=sent.key)
    update = {"attempt": str(attempt.id), "number": attempt.number}
    return project.remember_sent(sent.model_copy(update=update)), False


def watch(
    site: Site,
    attempt: str,
    *,
    voice: Voice,
    sleep: Callable[[float], None] = time.sleep,
) -> ReportOut:
    """Tell of a grading as it happens; its report. Raises Trouble when there is no verdict."""
    last = _last_word(site, attempt, voice, sleep)
    if last.state == "done":
        return report_of(site, attempt)
    raise _no_verdict(last, voice)


def report_of(site: Site, attempt: str) -> ReportOut:
    """The report of an attempt that has a verdict. Raises Trouble."""
    return site.get(f"/api/attempts/{attempt}/report", ReportOut)


def digest_of(files: Mapping[str, bytes], stage: str) -> str:
    """SHA-256 over a stage and the names and contents of the files."""
    total = hashlib.sha256(stage.encode())
    for path, content in sorted(files.items()):
        total.update(f"\0{path}\0{hashlib.sha256(content).hexdigest()}".encode())
    return total.hexdigest()


def pack(files: Mapping[str, bytes]) -> bytes:
    """A project as an archive."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, date_time=ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return blob.getvalue()


def _last_word(
    site: Site, attempt: str, voice: Voice, sleep: Callable[[float], None]
) -> VerdictNews:
    """Follow the stream; when it breaks, go on after what was seen. Raises Trouble."""
    place, lost = "", 0
    while True:
        try:
            for event in site.events(f"/api/attempts/{attempt}/events", after=place):
                place, lost = event.place, 0
                if event.name == "verdict":
                    return VerdictNews.model_validate(event.data)
                _tell(event, voice)
        except Lost:
            if lost == len(WAITS):
                raise _gone(site) from None
        # A stream also ends by itself, after an hour: then it is asked for again, too.
        if lost == len(WAITS):
            raise _gone(site)
        if lost == 0 and place:
            voice.aside("again")
        sleep(WAITS[lost])
        lost += 1


def _tell(event: Event, voice: Voice) -> None:
    language = voice.language
    if event.name == "state":
        news = StateNews.model_validate(event.data)
        if news.state in {"queued", "running"}:
            voice.aside(news.state, ahead=news.ahead)
    elif event.name == "phase":
        phase = PhaseNews.model_validate(event.data)
        voice.say(word(PHASES, phase.phase, language), "bold")
    elif event.name == "restart":
        voice.aside("restart")
    elif event.name == "result":
        result = ResultNews.model_validate(event.data)
        glyph, style = GLYPHS.get(result.outcome, ("?", ""))
        sign = f"{word(OUTCOMES, result.outcome, language)}:" if voice.plain else glyph
        points = f"  {result.points:g}/{result.max_points:g}" if result.max_points else ""
        voice.say(f"  {sign} {result.title}  ({result.check}){points}", style)


def _no_verdict(last: VerdictNews, voice: Voice) -> Trouble:
    if last.state == "refused":
        return Trouble(last.sentence, code=Code.NOT_GRADABLE, name="refused")
    if last.state == "cancelled":
        sentence = said("cancelled", voice.language)
        return Trouble(sentence, code=Code.NOT_GRADABLE, name="cancelled")
    sentence = said("quarantined", voice.language)
    return Trouble(sentence, code=Code.PLATFORM, name=last.state)


def _gone(site: Site) -> Trouble:
    return Trouble(
        f"{site.account.address} does not answer any more.",
        code=Code.NETWORK,
        remedy="The grading goes on. `sim submit --watch` or `sim report` shows it when you are "
        "connected again.",
    )
