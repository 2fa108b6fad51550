"""The files of a project: one by one, as a zip, with and without scripts, and whose they are."""

import io
import zipfile

import pytest
from django.test import Client

from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.catalog.models import Enrolment, ProjectFile
from tests.simulator.pages.conftest import browser_of
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db

FILE = "/quests/toy/project/files/app/model.py"
FILES = "/quests/toy/project/files"


def put(client: Client, path: str, body: str, seen: str | None) -> int:
    headers = {} if seen is None else {"If-Match": seen}
    return client.put(path, body, content_type="text/plain", headers=headers).status_code


def packed(files: dict[str, bytes]) -> io.BytesIO:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    blob.seek(0)
    blob.name = "project.zip"
    return blob


def content(enrolment: Enrolment, path: str = "app/model.py") -> bytes:
    return drafts.files_of(enrolment)[path]


def test_a_file_is_read_and_saved_by_its_revision(browser: Client, enrolment: Enrolment) -> None:
    read = browser.get(FILE)
    assert (read.content, read["ETag"]) == (STARTER["app/model.py"], '"1"')
    saved = browser.put(FILE, "x = 1\n", content_type="text/plain", headers={"If-Match": '"1"'})
    assert (saved.status_code, saved["ETag"]) == (204, '"2"')
    assert content(enrolment) == b"x = 1\n"


def test_an_older_revision_never_overwrites(browser: Client, enrolment: Enrolment) -> None:
    assert put(browser, FILE, "first\n", '"1"') == 204
    assert put(browser, FILE, "second\n", '"1"') == 412
    assert put(browser, FILE, "third\n", None) == 412
    assert content(enrolment) == b"first\n"


def test_a_learners_bytes_are_never_a_page(browser: Client, enrolment: Enrolment) -> None:
    put(browser, "/quests/toy/project/files/x.html", "<script>alert(1)</script>", None)
    read = browser.get("/quests/toy/project/files/x.html")
    assert read["Content-Type"].startswith("text/plain")
    assert read["Content-Disposition"] == "attachment"
    assert read["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in read["Content-Security-Policy"]


def test_a_name_that_cannot_be_is_refused_in_a_sentence(
    browser: Client, enrolment: Enrolment
) -> None:
    answer = browser.put("/quests/toy/project/files/a%3Ab.py", "x", content_type="text/plain")
    assert answer.status_code == 422
    assert "a:b.py" in answer.content.decode()


@pytest.mark.parametrize("address", [FILE, "/quests/toy/project/download", FILES + "/nope.py"])
def test_files_of_others_are_not_there(
    address: str, enrolment: Enrolment, colleague: User, stranger: User
) -> None:
    for person in (colleague, stranger, None):
        expected = 302 if person is None else 404
        assert browser_of(person).get(address).status_code == expected


def test_a_colleague_with_the_same_quest_sees_only_their_own(
    browser: Client, enrolment: Enrolment, colleague: User
) -> None:
    drafts.enrol(colleague, "toy")
    put(browser_of(colleague), FILE, "of_a_colleague\n", '"1"')
    assert content(enrolment) == STARTER["app/model.py"]
    assert b"of_a_colleague" not in browser.get("/quests/toy/features/?file=app/model.py").content


def test_a_plain_form_saves_too(browser: Client, enrolment: Enrolment) -> None:
    given = {"path": "app/model.py", "seen": "1", "content": "a = 1\r\nb = 2\r\n"}
    answer = browser.post(FILES, given | {"stage": "features"}, follow=True)
    assert answer.status_code == 200
    assert "app/model.py is saved" in answer.content.decode()
    assert content(enrolment) == b"a = 1\nb = 2\n"


def test_a_plain_form_meets_a_conflict_with_both_versions(
    browser: Client, enrolment: Enrolment
) -> None:
    put(browser, FILE, "theirs\n", '"1"')
    given = {"path": "app/model.py", "seen": "1", "content": "mine\n", "stage": "features"}
    answer = browser.post(FILES, given)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "-theirs" in page
    assert "+mine" in page
    assert content(enrolment) == b"theirs\n"
    browser.post(FILES, given | {"seen": "2"})
    assert content(enrolment) == b"mine\n"


def test_files_are_added_renamed_and_deleted(browser: Client, enrolment: Enrolment) -> None:
    browser.post(FILES, {"action": "add", "path": "app/new.py"})
    assert content(enrolment, "app/new.py") == b""
    browser.post(FILES, {"action": "rename", "path": "app/new.py", "renamed": "app/newer.py"})
    assert "app/newer.py" in drafts.files_of(enrolment)
    browser.post(FILES, {"action": "delete", "path": "app/newer.py"})
    assert "app/newer.py" in drafts.files_of(enrolment)
    browser.post(FILES, {"action": "delete", "path": "app/newer.py", "sure": "1"})
    assert drafts.files_of(enrolment) == STARTER


def test_a_taken_path_is_not_taken_again(browser: Client, enrolment: Enrolment) -> None:
    answer = browser.post(FILES, {"action": "add", "path": "app/model.py"}, follow=True)
    assert "already there" in answer.content.decode()
    assert content(enrolment) == STARTER["app/model.py"]


def test_a_project_goes_out_and_comes_back_as_a_zip(browser: Client, enrolment: Enrolment) -> None:
    got = browser.get("/quests/toy/project/download")
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert set(archive.namelist()) == set(STARTER)
    browser.post("/quests/toy/project/upload", {"zip": packed({"only.py": b"x = 1\n"})})
    assert drafts.files_of(enrolment) == {"only.py": b"x = 1\n"}


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"../outside.py": b""}, "outside"),
        ({f"f{n}.py": b"" for n in range(201)}, "200"),
        ({"big.bin": bytes(1_000_001)}, "1"),
        ({}, "at least one file"),
    ],
)
def test_a_zip_that_breaks_a_rule_changes_nothing(
    browser: Client, enrolment: Enrolment, files: dict[str, bytes], word: str
) -> None:
    answer = browser.post("/quests/toy/project/upload", {"zip": packed(files)}, follow=True)
    page = answer.content.decode()
    assert 'data-status="failed"' in page
    assert word in page
    assert drafts.files_of(enrolment) == STARTER


def test_an_upload_without_a_file_says_so(browser: Client, enrolment: Enrolment) -> None:
    answer = browser.post("/quests/toy/project/upload", {}, follow=True)
    assert "No file was chosen" in answer.content.decode()


def test_a_reset_shows_what_would_change_first(browser: Client, enrolment: Enrolment) -> None:
    put(browser, FILE, "mine <b>\n", '"1"')
    page = browser.get("/quests/toy/project/reset?path=app/model.py&stage=features")
    assert "-mine &lt;b&gt;" in page.content.decode()
    assert content(enrolment) == b"mine <b>\n"
    browser.post("/quests/toy/project/reset", {"path": "app/model.py", "stage": "features"})
    assert content(enrolment) == STARTER["app/model.py"]


def test_what_the_starter_lacks_cannot_be_reset(browser: Client, enrolment: Enrolment) -> None:
    put(browser, "/quests/toy/project/files/mine.py", "x\n", None)
    page = browser.get("/quests/toy/project/reset?path=mine.py").content.decode()
    assert "no such file" in page
    browser.post("/quests/toy/project/reset", {"path": "mine.py"})
    assert content(enrolment, "mine.py") == b"x\n"


def test_a_difference_is_a_fragment_with_escaped_lines(
    browser: Client, enrolment: Enrolment
) -> None:
    given = {"path": "app/model.py", "mine": "<script>\n"}
    text = browser.post("/quests/toy/project/differences", given).content.decode()
    assert "+&lt;script&gt;" in text
    assert "<html" not in text
    same = {"path": "app/model.py", "mine": STARTER["app/model.py"].decode()}
    assert "the same" in browser.post("/quests/toy/project/differences", same).content.decode()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_change_is_a_post(browser: Client, enrolment: Enrolment, method: str) -> None:
    assert getattr(browser, method)(FILES).status_code == 405


def test_a_file_of_bytes_is_listed_and_not_edited(browser: Client, enrolment: Enrolment) -> None:
    ProjectFile.objects.create(enrolment=enrolment, path="model.bin", content=b"\xff\xfe\x00")
    page = browser.get("/quests/toy/features/?tab=files&file=model.bin").content.decode()
    assert "not text" in page
    assert "<textarea" not in page
