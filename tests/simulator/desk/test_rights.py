"""Every page of the desk and every role: who gets it, for whom it is absent."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.cohorts import inviting
from simulator.cohorts.models import Cohort, Staff
from simulator.grades.models import Override
from simulator.regrading.models import Regrade
from simulator.reviewing.models import Comment, Request
from tests.simulator.judges import saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db

FINE, SIGN_IN, ABSENT, BAD, WRONG_METHOD = 200, 302, 404, 400, 405
APPS = ("desk", "reviewing", "regrading", "lti")
# Who asks; `far` are staff of another cohort with the same quest.
PEOPLE = ("nobody", "colleague", "far reviewer", "far owner", "reviewer", "teacher", "head")
ALL = (SIGN_IN, FINE, FINE, FINE, FINE, FINE, FINE)
READ = (SIGN_IN, ABSENT, ABSENT, ABSENT, FINE, FINE, FINE)
TEACH = (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT, FINE, FINE)
OWN = (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, FINE)
NONE = (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT)

PAGES = {
    "desk:cohorts": ALL,
    "desk:cohort": READ,
    "desk:learner": READ,
    "desk:checks": READ,
    "reviewing:review": READ,
    "reviewing:sheet": READ,
    "desk:exports": TEACH,
    "desk:export": TEACH,
    "desk:people": TEACH,
    "desk:plan": TEACH,
    "desk:similar": TEACH,
    "regrading:regrades": TEACH,
    "regrading:regrade": TEACH,
    "regrading:table": TEACH,
    "lti:lms": TEACH,
    "desk:looks": OWN,
    "desk:side-by-side": NONE,  # these two works share nothing
    "desk:my-cohorts": ALL,
    "desk:data": ALL,
    "desk:download-data": ALL,
    "desk:join": ALL,  # whoever has the link
    "reviewing:feedback": NONE,  # the learner's own, and they are none of these
    "lti:keys": (FINE,) * 7,
    "lti:pick": NONE,  # without a signed link
    "lti:login": (BAD,) * 7,
}
# What only a POST does, and the least role that may.
DEEDS = {
    "desk:create": None,
    "desk:invite": "teacher",
    "desk:withdraw-invitation": "teacher",
    "desk:change-learner": "teacher",
    "desk:staff": "head",
    "desk:settings": "teacher",
    "desk:quest": "teacher",
    "desk:dates": "teacher",
    "desk:extend": "teacher",
    "desk:pause": "teacher",
    "desk:nudge": "teacher",
    "desk:leave": None,
    "desk:delete-data": None,
    "reviewing:rubric": "teacher",
    "reviewing:forget": "reviewer",
    "reviewing:comment": "reviewer",
    "reviewing:withdraw": "reviewer",
    "reviewing:publish": "reviewer",
    "reviewing:answer": "reviewer",
    "reviewing:change-grade": "teacher",
    "reviewing:undo-change": "teacher",
    "reviewing:ask": "the learner",
    "reviewing:reply": "the learner",
    "regrading:begin": "teacher",
    "regrading:apply": "teacher",
    "regrading:discard": "teacher",
    "regrading:roll-back": "teacher",
    "lti:launch": None,
    "lti:sync": "teacher",
}
LADDER = ("reviewer", "teacher", "head")


@pytest.fixture
def attempt(graded: Grade) -> Attempt:
    return graded(saying(wrong_sum()))


@pytest.fixture
def people(cohort: Cohort, instructor: User, stranger: User) -> dict[str, User | None]:
    far = Cohort.objects.get(name="another")
    found: dict[str, User | None] = {"nobody": None, "teacher": instructor, "far owner": stranger}
    Staff.objects.filter(user=stranger).update(role=Staff.Role.OWNER)
    for name, where, role in (
        ("far reviewer", far, Staff.Role.REVIEWER),
        ("reviewer", cohort, Staff.Role.REVIEWER),
        ("head", cohort, Staff.Role.OWNER),
    ):
        user = User.objects.create_user(name.replace(" ", "-"), role=User.Role.INSTRUCTOR)
        Staff.objects.create(cohort=where, user=user, role=role)
        found[name] = user
    found["colleague"] = User.objects.get(username="colleague")
    return found


def address(name: str, attempt: Attempt, cohort: Cohort, head: User | None) -> str:
    learner, public_id = attempt.enrolment.learner_id, attempt.public_id
    assert head is not None
    if name == "desk:join":
        return reverse(name, args=[inviting.invite(cohort, author=head).token])
    regrade = 0
    if name.startswith("regrading:") and name not in {"regrading:regrades", "regrading:begin"}:
        regrade = Regrade.objects.create(
            cohort=cohort, quest="toy", stage="features", scope="all", version="1", author=head,
            digest=attempt.gradings.get().quest_digest, state=Regrade.State.READY,
        ).pk  # fmt: skip
    sheet = [cohort.pk, public_id]
    arguments: dict[str, list[object]] = {
        "desk:cohorts": [], "desk:create": [], "desk:my-cohorts": [], "desk:data": [],
        "desk:download-data": [], "desk:delete-data": [], "lti:keys": [], "lti:login": [],
        "lti:launch": [], "lti:pick": [],
        "desk:learner": [cohort.pk, learner], "desk:nudge": [cohort.pk, learner],
        "desk:export": [cohort.pk, "grades", "csv"],
        "desk:side-by-side": [cohort.pk, public_id, public_id],
        "reviewing:feedback": [public_id], "reviewing:ask": [public_id],
        "reviewing:reply": [public_id],
    }  # fmt: skip
    if name in arguments:
        return reverse(name, args=arguments[name])
    if regrade:
        return reverse(name, args=[cohort.pk, regrade])
    whole = {"reviewing:review", "reviewing:rubric", "reviewing:forget"}
    return reverse(
        name, args=sheet if name.startswith("reviewing:") and name not in whole else [cohort.pk]
    )


def names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace in APPS:
                yield from (f"{pattern.namespace}:{one.name}" for one in pattern.url_patterns)  # type: ignore[union-attr]
            else:
                yield from names(pattern)


def test_no_page_of_the_desk_is_forgotten_here() -> None:
    assert {*names(get_resolver())} == {*PAGES} | {*DEEDS}


def test_a_page_is_for_those_it_is_for(
    attempt: Attempt, cohort: Cohort, people: dict[str, User | None]
) -> None:
    browsers = {who: browser_of(people[who]) for who in PEOPLE}
    found = {}
    for name in PAGES:
        where = address(name, attempt, cohort, people["head"])
        found[name] = tuple(browsers[who].get(where).status_code for who in PEOPLE)
    assert found == PAGES


def test_a_deed_is_never_a_get(
    attempt: Attempt, cohort: Cohort, people: dict[str, User | None]
) -> None:
    browser = browser_of(people["head"])
    for name in DEEDS:
        where = address(name, attempt, cohort, people["head"])
        assert browser.get(where).status_code == WRONG_METHOD, name


def test_nobody_acts_beyond_their_role(
    attempt: Attempt, cohort: Cohort, people: dict[str, User | None]
) -> None:
    browsers = {who: browser_of(people[who]) for who in PEOPLE}
    form = {"text": "x", "reason": "x", "value": "5", "name": "x", "kind": "review", "hours": "5"}
    for name, least in DEEDS.items():
        if least is None:
            continue
        allowed = LADDER[LADDER.index(least) :] if least in LADDER else ()
        for who in {*PEOPLE} - {*allowed}:
            where = address(name, attempt, cohort, people["head"])
            answer = browsers[who].post(where, form)
            assert answer.status_code == (SIGN_IN if who == "nobody" else ABSENT), (name, who)
    assert not Override.objects.exists()
    assert not Comment.objects.exists()
    assert not Request.objects.exists()


def test_a_form_of_another_site_does_nothing(
    attempt: Attempt, cohort: Cohort, people: dict[str, User | None]
) -> None:
    client = Client(enforce_csrf_checks=True)
    assert people["head"] is not None
    client.force_login(people["head"])
    for name in DEEDS:
        if name != "lti:launch":  # a platform's signature, a state and a nonce stand for it
            where = address(name, attempt, cohort, people["head"])
            assert client.post(where).status_code == 403, name


def test_what_is_absent_and_what_is_another_cohorts_look_the_same(
    attempt: Attempt, cohort: Cohort, people: dict[str, User | None]
) -> None:
    far = Cohort.objects.get(name="another")
    browser = browser_of(people["far owner"])
    for public_id in (attempt.public_id, uuid4()):
        address_ = reverse("reviewing:sheet", args=[far.pk, public_id])
        assert browser.get(address_).status_code == ABSENT
