"""The site that section `cohort` measures: made in bulk, asked in process."""

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import django
from django.conf import settings

django.setup()

from django.core.management import call_command  # noqa: E402, Django is set up first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from simulator.accounts.models import User  # noqa: E402
from simulator.analysis.histories import histories  # noqa: E402
from simulator.analysis.items import items  # noqa: E402
from simulator.attempts import standing  # noqa: E402
from simulator.attempts.models import Attempt, Grading, Verdict  # noqa: E402
from simulator.catalog import quests  # noqa: E402
from simulator.catalog.models import Enrolment  # noqa: E402
from simulator.cohorts.models import Cohort, CohortQuest, Membership, Staff  # noqa: E402
from tests.bench.cohort import timed  # noqa: E402
from tests.simulator.toy_quest import QUEST, write_toy  # noqa: E402

STAGES: Final = 40
LEARNERS: Final = 1000
CHECKS: Final = 10
ANALYSED: Final = 100_000
STAGE: Final = """\
  - slug: stage-{n}
    kind: code
    title: {{en: Stage {n}, ru: Этап {n}}}
    summary: {{en: One, ru: Один}}
    files: ["app/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A cohort of a size."""

    cohort: Cohort
    teacher: User
    enrolments: list[int]


def main() -> None:
    """Print the figures, one a line."""
    settings.ALLOWED_HOSTS = ["testserver"]
    with tempfile.TemporaryDirectory() as folder:
        settings.QUESTS_DIR = Path(folder)
        _write_quest(Path(folder))
        call_command("migrate", verbosity=0)
        rng = random.Random(1)  # noqa: S311, a story
        small = _cohort("small", LEARNERS // 10, rng, most=STAGES * LEARNERS // 10 * 3 // 2)
        large = _cohort("large", LEARNERS, rng, most=STAGES * LEARNERS * 3 // 2)
        few, _ = _asked(small)
        many, milliseconds = _asked(large)
        print(f"cohort.heatmap_ms={milliseconds}")
        print(f"cohort.heatmap_queries={many}")
        print(f"cohort.queries_grow={many - few}")
        _analysis(rng)


def _asked(made: Made) -> tuple[int, float]:
    client = Client()
    client.force_login(made.teacher)
    address = f"/cohorts/{made.cohort.pk}/"
    client.get(address)  # what is read once a process is read now
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    if answer.status_code != 200 or answer.content.count(b"data-heat=") < 100:
        raise RuntimeError(f"no heatmap: {answer.status_code}")
    return len(queries), timed(lambda: client.get(address))


def _analysis(rng: random.Random) -> None:
    made = _cohort("analysed", LEARNERS, rng, most=ANALYSED)
    if Verdict.objects.filter(grading__attempt__enrolment__in=made.enrolments).count() < ANALYSED:
        raise RuntimeError("too few attempts")

    def run() -> None:
        found = [items(one) for one in histories(made.enrolments).values()]
        if len(found) != STAGES or any(len(one) != CHECKS for one in found):
            raise RuntimeError("not every check was analysed")

    print(f"cohort.item_analysis_ms={timed(run)}")


def _cohort(name: str, learners: int, rng: random.Random, *, most: int) -> Made:
    """A cohort whose learners made `most` attempts in all."""
    cohort = Cohort.objects.create(name=name)
    teacher = User.objects.create(username=f"teacher {name}", role=User.Role.INSTRUCTOR)
    Staff.objects.create(cohort=cohort, user=teacher, role=Staff.Role.OWNER)
    quest = quests.get_quest("toy")
    CohortQuest.objects.create(cohort=cohort, quest="toy", version=quest.version)
    users = User.objects.bulk_create(
        User(username=f"{name} {number}", first_name="Learner", last_name=str(number))
        for number in range(learners)
    )
    Membership.objects.bulk_create(Membership(cohort=cohort, learner=user) for user in users)
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(learner=user, quest="toy", version=quest.version) for user in users
    )
    _attempts(enrolments, rng, most=most)
    ids = [enrolment.pk for enrolment in enrolments]
    standing.recount(ids)
    return Made(cohort=cohort, teacher=teacher, enrolments=ids)


def _attempts(enrolments: list[Enrolment], rng: random.Random, *, most: int) -> None:
    each = -(-most // len(enrolments))
    attempts = Attempt.objects.bulk_create(
        (
            Attempt(
                enrolment=enrolment, stage=f"stage-{number % STAGES}", number=number + 1,
                manifest={}, idempotency_key=str(number), charged=True,
            )
            for enrolment in enrolments
            for number in range(each)
        ),
        batch_size=5000,
    )  # fmt: skip
    gradings = Grading.objects.bulk_create(
        (
            Grading(
                attempt=one, learner_id=one.enrolment.learner_id, state="done",
                quest_version="1", quest_digest="d", runtime="r", scale="s",
            )
            for one in attempts
        ),
        batch_size=5000,
    )  # fmt: skip
    Verdict.objects.bulk_create((_verdict(grading, rng) for grading in gradings), batch_size=5000)


def _verdict(grading: Grading, rng: random.Random) -> Verdict:
    passed = [rng.random() < 0.6 for _ in range(CHECKS)]
    marks = " ".join(
        f"check_{n}:passed::10/10" if good else f"check_{n}:failed:reason_{rng.randint(0, 3)}:0/10"
        for n, good in enumerate(passed)
    )
    return Verdict(
        grading=grading, blame="failed", score=100.0 * sum(passed) / CHECKS, merit=False,
        readiness="pilot", passed=sum(passed) >= 6, body={"results": []}, marks=marks,
        focus_check="check_0", focus_reason="reason_0", queued_seconds=0,
    )  # fmt: skip


def _write_quest(root: Path) -> None:
    folder = write_toy(root)
    head = QUEST.split("stages:\n")[0]
    text = head + "stages:\n" + "".join(STAGE.format(n=n) for n in range(STAGES))
    (folder / "quest.yaml").write_text(text)
    old = folder / "stages" / "01_features"
    for n in range(STAGES):
        place = folder / "stages" / f"{n + 1:02d}_stage-{n}"
        place.mkdir()
        for path in old.glob("*.*"):
            (place / path.name).write_bytes(path.read_bytes())
    for name in ("01_features", "02_model"):
        for path in (folder / "stages" / name).glob("*"):
            path.unlink()
        (folder / "stages" / name).rmdir()


if __name__ == "__main__":
    main()
