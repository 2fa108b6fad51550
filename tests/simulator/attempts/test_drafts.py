"""A draft is never lost: every write names the revision it saw."""

import pytest

from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.attempts.drafts import Conflict
from simulator.attempts.intake import LARGEST_FILE, MOST_FILES
from simulator.attempts.refusals import Refusal
from simulator.catalog.models import Enrolment, ProjectFile
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db


def test_a_quest_begins_with_the_starter_once(owner: User) -> None:
    first = drafts.enrol(owner, "toy", estimate_hours=6)
    drafts.save_file(first, "app/model.py", b"mine = 1\n", seen=1)
    again = drafts.enrol(owner, "toy")
    assert again == first
    assert (again.version, again.estimate_hours) == ("1.2.0", 6)
    assert drafts.files_of(again) == STARTER | {"app/model.py": b"mine = 1\n"}


def test_a_save_over_what_was_seen_is_the_next_revision(enrolment: Enrolment) -> None:
    assert drafts.save_file(enrolment, "app/model.py", b"a", seen=1).revision == 2
    assert drafts.save_file(enrolment, "app/model.py", b"b", seen=2).revision == 3


def test_a_save_over_what_was_not_seen_is_a_conflict_and_changes_nothing(
    enrolment: Enrolment,
) -> None:
    drafts.save_file(enrolment, "app/model.py", b"theirs", seen=1)
    with pytest.raises(Conflict) as caught:
        drafts.save_file(enrolment, "app/model.py", b"mine", seen=1)
    assert caught.value.current is not None
    assert bytes(caught.value.current.content) == b"theirs"
    assert drafts.files_of(enrolment)["app/model.py"] == b"theirs"


def test_a_new_file_does_not_replace_one_that_is_there(enrolment: Enrolment) -> None:
    drafts.save_file(enrolment, "app/new.py", b"first", seen=None)
    with pytest.raises(Conflict):
        drafts.save_file(enrolment, "app/new.py", b"second", seen=None)
    assert drafts.files_of(enrolment)["app/new.py"] == b"first"


def test_a_save_of_a_file_that_was_deleted_is_a_conflict(enrolment: Enrolment) -> None:
    drafts.delete_file(enrolment, "app/model.py")
    with pytest.raises(Conflict) as caught:
        drafts.save_file(enrolment, "app/model.py", b"x", seen=1)
    assert caught.value.current is None


def test_a_draft_keeps_the_rules_of_a_project(enrolment: Enrolment) -> None:
    for path, content, code in (
        ("../x.py", b"", "path_outside"),
        ("APP/model.py", b"", "names_collide"),
        ("big.txt", b" " * (LARGEST_FILE + 1), "file_too_large"),
    ):
        with pytest.raises(Refusal) as caught:
            drafts.save_file(enrolment, path, content, seen=None)
        assert caught.value.code == code
    assert drafts.files_of(enrolment) == STARTER


def test_a_draft_grows_to_its_limits_and_no_further(enrolment: Enrolment) -> None:
    for number in range(4):
        drafts.save_file(enrolment, f"{number}.txt", b" " * LARGEST_FILE, seen=None)
    with pytest.raises(Refusal) as caught:
        drafts.save_file(enrolment, "4.txt", b" " * LARGEST_FILE, seen=None)
    assert caught.value.code == "project_too_large"
    ProjectFile.objects.bulk_create(
        ProjectFile(enrolment=enrolment, path=f"f{n}", content=b"")
        for n in range(MOST_FILES - 4 - len(STARTER))
    )
    with pytest.raises(Refusal) as caught:
        drafts.save_file(enrolment, "one-more.py", b"", seen=None)
    assert caught.value.code == "too_many_files"


def test_a_file_is_renamed_unless_the_name_is_taken(enrolment: Enrolment) -> None:
    renamed = drafts.rename_file(enrolment, "app/model.py", "app/scoring.py", seen=1)
    assert (renamed.path, renamed.revision) == ("app/scoring.py", 2)
    with pytest.raises(Conflict):
        drafts.rename_file(enrolment, "app/scoring.py", "app/__init__.py")
    with pytest.raises(Refusal):
        drafts.rename_file(enrolment, "app/scoring.py", "/etc/passwd")
    drafts.rename_file(enrolment, "app/scoring.py", "app/Scoring.py")


def test_deleting_twice_is_fine_and_deleting_the_unseen_is_not(enrolment: Enrolment) -> None:
    drafts.save_file(enrolment, "app/model.py", b"new", seen=1)
    with pytest.raises(Conflict):
        drafts.delete_file(enrolment, "app/model.py", seen=1)
    drafts.delete_file(enrolment, "app/model.py", seen=2)
    drafts.delete_file(enrolment, "app/model.py", seen=2)
    assert "app/model.py" not in drafts.files_of(enrolment)


def test_a_reset_brings_the_starters_file_back(enrolment: Enrolment) -> None:
    drafts.save_file(enrolment, "app/model.py", b"mine", seen=1)
    assert drafts.reset_file(enrolment, "app/model.py").revision == 3
    drafts.delete_file(enrolment, "app/model.py")
    drafts.reset_file(enrolment, "app/model.py")
    assert drafts.files_of(enrolment) == STARTER
    with pytest.raises(KeyError):
        drafts.reset_file(enrolment, "app/mine.py")


def test_replacing_is_exact_and_touches_only_what_differs(enrolment: Enrolment) -> None:
    files = {"app/__init__.py": b"", "app/model.py": b"x = 2\n", "new.py": b""}
    drafts.replace_files(enrolment, files)
    assert drafts.files_of(enrolment) == files
    revisions = dict(ProjectFile.objects.values_list("path", "revision"))
    assert revisions == {"app/__init__.py": 1, "app/model.py": 2, "new.py": 1}


def test_the_same_project_packs_to_the_same_bytes(enrolment: Enrolment) -> None:
    files = drafts.files_of(enrolment)
    shuffled = dict(reversed(files.items()))
    assert drafts.write_zip(files) == drafts.write_zip(shuffled)
