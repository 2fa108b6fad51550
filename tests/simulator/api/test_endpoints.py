"""The API: what it does for its owner, and what it says when it does not."""

import base64
import io
import zipfile
from typing import Any

import pytest
from django.test import Client

from graders.receipts import Receipt
from simulator.accounts.models import User
from simulator.accounts.pacing import HAND_IN, SIGN_IN, Limit
from simulator.api import endpoints
from simulator.attempts.claiming import claim
from simulator.attempts.delivering import deliver
from simulator.attempts.models import Attempt, Grading, Outbox, Snapshot
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.cohorts.models import Cohort
from tests.fakes import MADE, FakeSandbox
from tests.simulator.api.conftest import with_token
from tests.simulator.conftest import HandIn
from tests.simulator.judges import saying, standing_on, wrong_sum
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db

ATTEMPTS = "/api/quests/toy/stages/features/attempts"


def coded(files: dict[str, bytes]) -> dict[str, str]:
    return {path: base64.b64encode(content).decode() for path, content in files.items()}


def post(client: Client, address: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return client.post(address, body or {}, content_type="application/json", headers=headers)


def grade(attempt: Attempt, judge: Any = None) -> None:
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    deliver(won, judge=judge or saying(), sandbox=FakeSandbox())


def test_a_password_buys_a_token_that_opens_the_api(owner: User) -> None:
    given = {"username": "owner", "password": "owner-password"}
    token = post(Client(), "/api/token", given).json()["token"]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert [quest["slug"] for quest in client.get("/api/quests").json()] == ["toy"]


def test_a_forgotten_token_opens_nothing(api: Client) -> None:
    assert api.delete("/api/token").status_code == 204
    assert api.get("/api/quests").status_code == 401


def test_passwords_cannot_be_tried_without_end(owner: User) -> None:
    wrong = {"username": "owner", "password": "guess"}
    for _ in range(SIGN_IN.times):
        assert post(Client(), "/api/token", wrong).status_code == 401
    answer = post(Client(), "/api/token", wrong)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    right = {"username": "owner", "password": "owner-password"}
    assert post(Client(), "/api/token", right).status_code == 429


def test_a_learner_plays_a_stage_from_enrolment_to_report(api: Client) -> None:
    assert post(api, "/api/quests/toy/enrolment").json()["version"] == "1.2.0"
    handed = post(api, ATTEMPTS, {"files": coded(STARTER)})
    assert handed.status_code == 202
    attempt = Attempt.objects.get(public_id=handed.json()["id"])
    assert handed.json()["state"] == "queued"
    assert api.get(f"/api/attempts/{attempt.public_id}/report").status_code == 409
    grade(attempt, saying(wrong_sum()))
    report = api.get(f"/api/attempts/{attempt.public_id}/report").json()
    assert (report["schema_version"], report["score"], report["passed"]) == ("1", 0.0, False)
    assert report["focus"] == "is_right"
    assert report["checks"][0]["what"] == "`add(2, 3)` returned 2."
    assert report["checks"][0]["lesson"] == "adding"
    assert api.get(f"/api/attempts/{attempt.public_id}").json()["charged"] is True


def test_reports_speak_the_language_that_was_asked_for(api: Client, hand_in: HandIn) -> None:
    attempt = hand_in()
    grade(attempt, saying(wrong_sum()))
    address = f"/api/attempts/{attempt.public_id}/report"
    report = api.get(address, headers={"Accept-Language": "ru"}).json()
    assert report["checks"][0]["what"] == "`add(2, 3)` вернула 2."


def test_a_repeated_request_with_the_same_key_is_the_same_attempt(
    api: Client, enrolment: Enrolment
) -> None:
    first, second = (
        post(api, ATTEMPTS, {"files": coded(STARTER)}, **{"Idempotency-Key": "once"}).json()["id"]
        for _ in range(2)
    )
    assert first == second
    assert Attempt.objects.count() == Grading.objects.count() == 1


def test_a_key_does_not_stand_for_other_work(api: Client, enrolment: Enrolment) -> None:
    post(api, ATTEMPTS, {"files": coded(STARTER)}, **{"Idempotency-Key": "once"})
    other = {"files": coded({"sql/features.sql": b"SELECT 2\n"})}
    answer = post(api, ATTEMPTS, other, **{"Idempotency-Key": "once"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert Attempt.objects.count() == 1


def test_a_zip_is_handed_in_as_it_is(api: Client, enrolment: Enrolment) -> None:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        archive.writestr("sql/features.sql", "SELECT 3\n")
    answer = api.post(ATTEMPTS, blob.getvalue(), content_type="application/zip")
    assert answer.status_code == 202
    assert [*Attempt.objects.get().manifest] == ["sql/features.sql"]


def test_what_is_refused_leaves_nothing_behind(api: Client, enrolment: Enrolment) -> None:
    before = sorted(ProjectFile.objects.values_list("path", "revision"))
    for files, code in (
        ({"a.py": b"def broken(:\n"}, "syntax_error"),
        ({"a.sql": b"SELECT 1; SELECT 2"}, "two_statements"),
        ({"../a.py": b""}, "path_outside"),
        ({}, "empty_project"),
        ({f"{n}.txt": b"" for n in range(201)}, "too_many_files"),
        ({"big.txt": b" " * 1_000_001}, "file_too_large"),
    ):
        answer = post(api, ATTEMPTS, {"files": coded(files)})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["message"].endswith(".")
    assert not Attempt.objects.exists()
    assert not Grading.objects.exists()
    assert not Outbox.objects.exists()
    assert not Snapshot.objects.exists()
    assert sorted(ProjectFile.objects.values_list("path", "revision")) == before


def test_a_body_that_is_too_large_is_refused_with_a_sentence(
    api: Client, enrolment: Enrolment
) -> None:
    blob = b"\0" * 50_000_000
    for kind in ("application/zip", "application/json"):
        answer = api.post(ATTEMPTS, blob, content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (413, "archive_too_large")
        assert "50\N{NO-BREAK SPACE}MB" in answer.json()["message"]


def test_unknown_keys_are_refused(api: Client, enrolment: Enrolment) -> None:
    body = {"files": coded(STARTER), "score": 100, "charged": False}
    answer = post(api, ATTEMPTS, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert not Attempt.objects.exists()


def test_hand_ins_are_paced(
    api: Client, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Limit(name=HAND_IN.name, times=2, seconds=60)
    monkeypatch.setattr(endpoints, "HAND_IN", narrow)
    answers = [post(api, ATTEMPTS, {"files": coded(STARTER)}).status_code for _ in range(3)]
    assert answers == [202, 202, 429]


def test_the_project_is_read_replaced_and_downloaded(api: Client, enrolment: Enrolment) -> None:
    listed = api.get("/api/quests/toy/project").json()["files"]
    assert [file["path"] for file in listed] == sorted(STARTER)
    body = {"files": coded({"new.py": b"x = 1\n"})}
    api.put("/api/quests/toy/project", body, content_type="application/json")
    blob = api.get("/api/quests/toy/project.zip").getvalue()
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        assert archive.namelist() == ["new.py"]


def test_cancelling_ends_the_grading(api: Client, hand_in: HandIn) -> None:
    attempt = hand_in()
    answer = post(api, f"/api/attempts/{attempt.public_id}/cancel")
    assert answer.json()["state"] == "cancelled"


def test_a_stage_opens_when_the_one_before_it_is_passed(api: Client, hand_in: HandIn) -> None:
    model = "/api/quests/toy/stages/model/attempts"
    attempt = hand_in()
    assert post(api, model).json()["code"] == "stage_locked"
    grade(attempt)
    assert post(api, model).status_code == 202


def test_there_is_no_stage_of_that_name(api: Client, enrolment: Enrolment) -> None:
    assert post(api, "/api/quests/toy/stages/nowhere/attempts").json()["code"] == "stage_unknown"


def test_a_session_needs_a_token_against_forgery(owner: User, enrolment: Enrolment) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.get("/api/quests").status_code == 200
    assert post(client, ATTEMPTS).status_code == 403
    assert not Attempt.objects.exists()


ADDRESSES = (
    ("GET", "/api/attempts/{id}"),
    ("GET", "/api/attempts/{id}/report"),
    ("GET", "/api/attempts/{id}/events"),
    ("POST", "/api/attempts/{id}/cancel"),
)


@pytest.mark.django_db(transaction=True)  # the stream reads in another thread
@pytest.mark.parametrize(("method", "address"), ADDRESSES)
@pytest.mark.parametrize("who", ["colleague", "stranger"])
def test_what_is_not_theirs_looks_absent(
    method: str, address: str, who: str, hand_in: HandIn, cohort: Cohort
) -> None:
    attempt = hand_in()
    grade(attempt)
    client = with_token(User.objects.get(username=who))
    theirs = client.generic(method, address.format(id=attempt.public_id))
    absent = client.generic(method, address.format(id="00000000-0000-4000-8000-000000000000"))
    assert theirs.status_code == absent.status_code == 404


def test_an_instructor_reads_the_work_of_the_cohort_and_cancels_none(
    hand_in: HandIn, cohort: Cohort, instructor: User
) -> None:
    attempt = hand_in()
    client = with_token(instructor)
    assert client.get(f"/api/attempts/{attempt.public_id}").status_code == 200
    assert post(client, f"/api/attempts/{attempt.public_id}/cancel").status_code == 404


@pytest.mark.parametrize("address", ["project", "project.zip"])
def test_nobody_reads_anothers_draft(
    address: str, enrolment: Enrolment, cohort: Cohort, instructor: User, colleague: User
) -> None:
    for user in (instructor, colleague):
        assert with_token(user).get(f"/api/quests/toy/{address}").status_code == 404


def test_a_list_holds_the_learners_own_attempts_only(
    hand_in: HandIn, cohort: Cohort, colleague: User, api: Client
) -> None:
    hand_in()
    assert len(api.get("/api/attempts?quest=toy").json()) == 1
    assert with_token(colleague).get("/api/attempts").json() == []


@pytest.mark.parametrize("address", ["/api/quests", "/api/attempts", "/api/quests/toy/project"])
def test_nobody_is_no_one(address: str) -> None:
    assert Client().get(address).status_code == 401


def test_the_health_page_names_what_is_missing() -> None:
    answer = Client().get("/health/")
    state = answer.json()
    assert (answer.status_code, state["ok"], state["database"], state["redis"]) == (
        503,
        False,
        "ok",
        "ok",
    )
    assert "No such file" in state["runner"]


def test_a_result_says_what_its_rooms_were(api: Client, hand_in: HandIn) -> None:
    attempt = hand_in()
    address = f"/api/attempts/{attempt.public_id}"
    assert api.get(address).json()["development_only"] is None
    assert api.get(f"{address}/receipt").status_code == 409
    grade(attempt, standing_on(MADE))
    assert api.get(address).json()["development_only"] is MADE.development_only
    report = api.get(f"{address}/report").json()
    assert report["development_only"] is MADE.development_only
    assert report["rooms"] == [vars(MADE)]


def test_a_receipt_and_its_work_can_be_had(api: Client, hand_in: HandIn, stranger: User) -> None:
    attempt = hand_in()
    grade(attempt, standing_on(MADE))
    address = f"/api/attempts/{attempt.public_id}"
    receipt = Receipt.model_validate(api.get(f"{address}/receipt").json())
    assert receipt.basis.rooms == (MADE,)
    content = api.get(f"{address}/project.zip").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == STARTER
    for what in ("receipt", "project.zip"):
        assert with_token(stranger).get(f"{address}/{what}").status_code == 404
        assert Client().get(f"{address}/{what}").status_code == 401
