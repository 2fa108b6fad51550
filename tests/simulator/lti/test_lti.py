"""LTI 1.3 against a platform that the tests run: launch, deep link, roster, grades."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.utils import timezone

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import handing_in
from simulator.attempts.claiming import claim, finish
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.cohorts.models import Cohort
from simulator.lti.models import Course, Identity, Platform, Sent
from simulator.lti.platform import PlatformError, check_address
from simulator.lti.sending import due_grades, send_due
from tests.simulator.judges import result, verdict, wrong_sum
from tests.simulator.lti.platform import CLAIM, TEACHER, FakePlatform, fake_platform

pytestmark = pytest.mark.django_db

DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim/"
FAILS = (result("is_there"), wrong_sum(), result("pays"), result("is_tested"))


@pytest.fixture(scope="module")
def served() -> Iterator[FakePlatform]:
    with fake_platform() as platform:
        yield platform


@pytest.fixture
def campus(served: FakePlatform, toy: Quest) -> FakePlatform:
    served.down = False
    served.scores.clear()
    served.tool_keys = Client().get("/lti/keys").json()
    served.registered()
    return served


def begun(campus: FakePlatform, client: Client) -> dict[str, str]:
    """The platform begins a launch; what our redirect carries."""
    answer = client.post("/lti/login", {"iss": campus.address, "login_hint": "u1"})
    assert answer["Location"].startswith(f"{campus.address}/authorize?")
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["redirect_uri"] == ["http://testserver/lti/launch"]
    return {name: values[0] for name, values in asked.items()}


def launched(campus: FakePlatform, client: Client, **claims: Any) -> Any:
    asked = begun(campus, client)
    token = campus.launch(asked["nonce"], **claims)
    return client.post("/lti/launch", {"id_token": token, "state": asked["state"]})


def graded(learner: User, *results: object) -> None:
    enrolment = learner.enrolments.get(quest="toy")
    attempt = handing_in.hand_in(
        enrolment, "features", key=str(Attempt.objects.count()), source=Attempt.Source.WEB
    )
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    assert finish(won, verdict(*results))  # type: ignore[arg-type]


def test_a_launch_signs_in_and_leads_to_the_stage(campus: FakePlatform) -> None:
    client = Client()
    answer = launched(campus, client)
    assert answer["Location"] == "/quests/toy/features/"
    learner = User.objects.get(username__startswith="lti-")
    assert (learner.first_name, learner.has_usable_password()) == ("Ann", False)
    assert Cohort.objects.get(name="ML at Campus").memberships.get().learner == learner
    assert client.get("/quests/toy/features/").status_code == 200
    launched(campus, Client())
    assert User.objects.filter(username__startswith="lti-").count() == 1


def test_a_teacher_comes_to_the_desk_and_owns_the_cohort(campus: FakePlatform) -> None:
    client = Client()
    answer = launched(campus, client, user="t1", role=TEACHER)
    cohort = Cohort.objects.get(name="ML at Campus")
    assert answer["Location"] == f"/cohorts/{cohort.pk}/"
    assert client.get(answer["Location"]).status_code == 200
    assert cohort.staff.get().role == "owner"


def test_a_launch_never_takes_over_an_account_that_claims_the_same_address(
    campus: FakePlatform,
) -> None:
    mine = User.objects.create_user("mine", email="ann@example.org")
    launched(campus, Client(), email="ann@example.org")
    assert Identity.objects.get().user != mine


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"aud": "another"}, "not signed as it should be"),
        ({"exp": 1}, "not signed as it should be"),
        ({"nonce": "another"}, "answers another one"),
        ({f"{CLAIM}deployment_id": "d2"}, "deployment is not registered"),
        ({f"{CLAIM}version": "1.1"}, "not LTI 1.3"),
        ({f"{CLAIM}message_type": "Else"}, "no launch that we know"),
        ({"key": "stranger"}, "not signed as it should be"),
    ],
)
def test_a_launch_that_is_not_what_it_should_be_is_refused(
    campus: FakePlatform, claims: dict[str, object], sentence: str
) -> None:
    if claims.get("key"):
        claims = {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    answer = launched(campus, Client(), **claims)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not User.objects.filter(username__startswith="lti-").exists()


def test_a_launch_is_good_once_and_in_the_browser_that_began_it(campus: FakePlatform) -> None:
    client = Client()
    asked = begun(campus, client)
    form = {"id_token": campus.launch(asked["nonce"]), "state": asked["state"]}
    assert Client().post("/lti/launch", form).status_code == 400
    assert client.post("/lti/launch", form).status_code == 302
    assert client.post("/lti/launch", form).status_code == 400


def test_a_platform_cannot_send_us_elsewhere(campus: FakePlatform) -> None:
    platform = Platform.objects.get()
    for address in ("http://169.254.169.254/latest", "file:///etc/passwd", "https://elsewhere"):
        with pytest.raises(PlatformError):
            check_address(platform, address)
    assert check_address(platform, f"{campus.address}/lines/1")


def test_a_deep_link_hands_the_chosen_stage_over_signed(campus: FakePlatform) -> None:
    client = Client()
    answer = launched(
        campus, client, user="t1", role=TEACHER,
        **{
            f"{CLAIM}message_type": "LtiDeepLinkingRequest",
            f"{DEEP}deep_linking_settings": {
                "deep_link_return_url": f"{campus.address}/back", "data": "kept",
            },
        },
    )  # fmt: skip
    page = client.get(answer["Location"])
    assert "Choose a quest or a stage" in page.content.decode()
    link = parse_qs(urlsplit(answer["Location"]).query)["link"][0]
    picked = client.post("/lti/pick", {"link": link, "stage": "toy/model"})
    text = picked.content.decode()
    assert f'action="{campus.address}/back"' in text
    assert campus.address in picked["Content-Security-Policy"]
    token = text.split('name="JWT" value="')[1].split('"')[0]
    (key,) = campus.tool_keys["keys"]
    said = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience=campus.address)
    (item,) = said[f"{DEEP}content_items"]
    assert item["custom"] == {"quest": "toy", "stage": "model"}
    assert said[f"{DEEP}data"] == "kept"
    assert client.post("/lti/pick", {"link": f"{link}x", "stage": "toy/"}).status_code == 404


def test_learners_do_not_choose_what_links_show(campus: FakePlatform) -> None:
    facts = {f"{CLAIM}message_type": "LtiDeepLinkingRequest"}
    assert launched(campus, Client(), **facts).status_code == 400


def test_a_grade_is_sent_once_and_again_when_it_changes(campus: FakePlatform) -> None:
    launched(campus, Client())
    learner = Identity.objects.get().user
    assert send_due() == (0, 0)
    graded(learner, *FAILS)
    assert (send_due(), send_due()) == ((1, 0), (0, 0))
    (score,) = campus.scores
    assert (score["userId"], score["scoreGiven"], score["scoreMaximum"]) == ("u1", 57.1, 100)
    assert (score["activityProgress"], score["gradingProgress"]) == ("InProgress", "FullyGraded")
    graded(learner)
    assert send_due() == (1, 0)
    assert (campus.scores[1]["scoreGiven"], campus.scores[1]["activityProgress"]) == (
        100.0,
        "Completed",
    )


def test_a_grade_waits_for_a_platform_that_is_down(campus: FakePlatform) -> None:
    launched(campus, Client())
    graded(Identity.objects.get().user)
    now = timezone.now()
    campus.down = True
    assert send_due(now) == (0, 1)
    sent = Sent.objects.get()
    assert (sent.tries, sent.score) == (1, None)
    assert "did not take it" in sent.error
    assert send_due(now + timedelta(seconds=30)) == (0, 0)
    campus.down = False
    assert send_due(now + timedelta(minutes=2)) == (1, 0)
    assert len(campus.scores) == 1
    sent.refresh_from_db()
    assert (sent.tries, sent.error, sent.score) == (0, "", 100.0)


def test_the_page_of_the_platform_shows_what_would_be_sent_and_fetches_the_roster(
    campus: FakePlatform,
) -> None:
    launched(campus, Client())
    graded(Identity.objects.get().user)
    teacher = Client()
    address = launched(campus, teacher, user="t1", role=TEACHER, name="Ted Ox")["Location"]
    page = teacher.get(f"{address}lms/").content.decode()
    assert "Ann Lee: 100, toy/features" in page
    teacher.post(f"{address}lms/sync", {"roster": "1"})
    course = Course.objects.get()
    names = {one.learner.first_name for one in course.cohort.memberships.all()}
    assert names == {"Ann", "Cy"}  # both pages of the roster, without who left and who teaches
    assert len([*due_grades(timezone.now(), course.cohort)]) == 1
