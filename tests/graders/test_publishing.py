"""Publishing: which change asks for which step, what is in the way, and bytes for ever."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.loading import load_quest
from graders.quest import Quest
from graders.workshop.bumping import Bump, changes, following, of_checks, refusal
from graders.workshop.bundles import bundled, content_digest, pack, unpack
from graders.workshop.proofs import Manner, Proof, find_proof, keep_proof, proof_of
from graders.workshop.publishing import CannotPublish, plan, publish, read_shelf
from tests.graders.small_quest import CHECKS, MESSAGES, QUEST_YAML, write_quest

ACTIVE = QUEST_YAML.replace("status: wip", "status: active")
EXTRAS = {
    "exact.json": '{"limit": {"value": 3}, "auc": {"baseline": 0.6, "target": 0.7, "how": "x"}}',
    "story.en.md": "Once",
    "story.ru.md": "Однажды",
    "starter/.gitignore": "*.pyc\n",
}
NEW_CHECK = '''

@check(group="metrics", points=1, severity="{severity}")
def is_new(work: Workspace) -> None:
    """New"""
    if not work.files:
        fail("differs", found=1)
'''
NEW_TEXT = MESSAGES + MESSAGES[MESSAGES.index("is_right:") : MESSAGES.index("holds_for")].replace(
    "is_right:", "is_new:"
)
Edit = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = write_quest(tmp_path, quest=ACTIVE)
    for path, text in EXTRAS.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    return place


def replaced(path: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new))

    return edit


def written(path: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    return edit


def version(number: str) -> Edit:
    return replaced("quest.yaml", "version: 1.0.0", f"version: {number}")


def proven(
    quest: Quest, home: Path, *, problems: tuple[str, ...] = (), scale: str = "tiny"
) -> None:
    manner = Manner(scale=scale, towns=3, runs=2, whole=True)
    keep_proof(proof_of(quest, [], list(problems), manner=manner), home)


# ------------------------------------------------------------------ which step a change asks for
STAGE = "stages/01_model"
STEPS = [
    (written("story.en.md", "Once upon a time"), Bump.PATCH, "story.en.md"),
    (replaced(f"{STAGE}/messages.yaml", "Sums go to", "Totals go to"), Bump.PATCH, "why"),
    (replaced("quest.yaml", "A quest for tests", "For tests"), Bump.PATCH, "blurb"),
    (
        replaced("quest.yaml", "estimate_minutes: 10", "estimate_minutes: 20"),
        Bump.PATCH,
        "minutes",
    ),
    (written("mistakes/is_right/work.yaml", "stage: model\nwhy: x\n"), Bump.PATCH, "mistakes"),
    (replaced("exact.json", '"how": "x"', '"how": "measured"'), Bump.PATCH, "how"),
    (replaced(f"{STAGE}/messages.yaml", "{found: int}", "{found: id}"), Bump.MINOR, "params"),
    (replaced(f"{STAGE}/checks.py", "2, 3", "2, 3"), None, ""),
    (replaced(f"{STAGE}/checks.py", "It adds", "It sums"), Bump.MINOR, "checks.py"),
    (written("starter/README.md", "Begin"), Bump.MINOR, "starter"),
    (written("reference/app/model.py", "x = 1\n"), Bump.MINOR, "reference"),
    (replaced("quest.yaml", "pass: 60", "pass: 50"), Bump.MINOR, "stages.model.pass"),
    (replaced("exact.json", '"target": 0.7', '"target": 0.65'), Bump.MINOR, "auc.target"),
    (replaced("exact.json", '"value": 3', '"value": 4'), Bump.MINOR, "limit.value"),
    (replaced("exact.json", '"target": 0.7', '"target": 0.75'), Bump.MAJOR, "auc.target"),
    (replaced("quest.yaml", "pass: 60", "pass: 70"), Bump.MAJOR, "stages.model.pass"),
    (replaced("quest.yaml", '["app/**"]', '["lib/**"]'), Bump.MAJOR, "stages.model.files"),
    (replaced("quest.yaml", "rows: 10", "rows: 11"), Bump.MAJOR, "scales.tiny.rows"),
    (replaced("quest.yaml", "package: app", "package: lib"), Bump.MAJOR, "package"),
    (written("data.py", "PUBLIC_SEED = 2\n"), Bump.MAJOR, "data.py"),
    (replaced("quest.yaml", "slug: model", "slug: other"), Bump.MAJOR, "stages"),
]


@pytest.mark.parametrize(("edit", "bump", "said"), STEPS)
def test_a_change_asks_for_its_step(
    edit: Edit, bump: Bump | None, said: str, folder: Path
) -> None:
    before = bundled(folder)
    edit(folder)
    found = changes(before, bundled(folder))
    assert (found[0].bump if found else None) == bump
    assert not found or said in found[0].what


@pytest.mark.parametrize(
    ("before", "after", "bump"),
    [
        ({}, {"a": "minor"}, Bump.MINOR),
        ({}, {"a": "major"}, Bump.MAJOR),
        ({"a": "major"}, {"a": "blocker"}, Bump.MAJOR),
        ({"a": "blocker"}, {"a": "minor"}, None),
        ({"a": "blocker"}, {}, None),
    ],
)
def test_a_check_that_is_new_or_graver_asks_for_more(
    before: dict[str, str], after: dict[str, str], bump: Bump | None
) -> None:
    found = of_checks(before, after, stage="model")
    assert [change.bump for change in found] == ([bump] if bump else [])


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("1.0.0", "does not come after"),
        ("0.9.9", "does not come after"),
        ("1.0.1", "make it 2.0.0"),
        ("1.1.0", "make it 2.0.0"),
        ("2.0.0", None),
    ],
)
def test_a_step_too_small_is_refused_with_the_change_that_asks_for_more(
    after: str, said: str | None, folder: Path
) -> None:
    before = bundled(folder)
    written("data.py", "PUBLIC_SEED = 2\n")(folder)
    told = refusal("1.0.0", after, changes(before, bundled(folder)))
    assert (told is None) == (said is None)
    if told and said:
        assert said in told
        assert said.startswith("does") or "data.py" in told


def test_the_next_version_of_each_step() -> None:
    assert [following("1.2.3", bump) for bump in Bump] == ["1.2.4", "1.3.0", "2.0.0"]


# ------------------------------------------------------------------ bundles
def test_a_bundle_is_the_same_bytes_whenever_and_from_wherever(folder: Path) -> None:
    files = bundled(folder)
    one = pack(files, root="small")
    for path in folder.rglob("*"):
        path.touch()
    other = pack(dict(reversed(bundled(folder).items())), root="small")
    assert one == other
    assert "starter/.gitignore" in files


def test_a_bundle_gives_its_files_back(folder: Path, tmp_path: Path) -> None:
    files = bundled(folder)
    (tmp_path / "x.tar.gz").write_bytes(pack(files, root="small"))
    assert unpack(tmp_path / "x.tar.gz") == files


def test_what_tools_keep_beside_a_quest_is_in_no_bundle(folder: Path) -> None:
    before = content_digest(bundled(folder))
    written(".sim/schema.json", "{}")(folder)
    written("stages/__pycache__/x.pyc", "")(folder)
    assert content_digest(bundled(folder)) == before


# ------------------------------------------------------------------ what is in the way
def test_what_is_proven_is_published_and_listed(folder: Path, tmp_path: Path) -> None:
    quest = load_quest(folder)
    proven(quest, tmp_path / "home")
    shelf = tmp_path / "shelf"
    place = publish(plan(quest, shelf=shelf, home=tmp_path / "home"), shelf=shelf)
    listed = read_shelf(shelf, quest).versions
    assert [entry.version for entry in listed] == ["1.0.0"]
    assert hashlib.sha256(place.read_bytes()).hexdigest() == listed[0].sha256
    assert unpack(place) == bundled(folder)
    assert not place.stat().st_mode & 0o222


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (replaced("quest.yaml", "status: active", "status: wip"), "set it to beta or active"),
        (written("lessons/adding.en.md", "Add"), "lessons/adding.ru.md is missing"),
        (written("story.en.md", "changed after it was proven"), "proven not at all"),
        (written("starter/.gitignore", "changed, too\n"), "proven not at all"),
    ],
)
def test_what_is_not_ready_is_refused_with_the_reason(
    edit: Edit, said: str, folder: Path, tmp_path: Path
) -> None:
    proven(load_quest(folder), tmp_path / "home")
    edit(folder)
    with pytest.raises(CannotPublish, match=said):
        plan(load_quest(folder), shelf=tmp_path / "shelf", home=tmp_path / "home")


def test_a_bad_proof_is_no_proof(folder: Path, tmp_path: Path) -> None:
    quest = load_quest(folder)
    proven(quest, tmp_path / "home", problems=("model starter: passes with 70",))
    with pytest.raises(CannotPublish, match="found 1 to mend, the first: model starter"):
        plan(quest, shelf=tmp_path / "shelf", home=tmp_path / "home")


def test_a_proof_in_part_is_not_kept(folder: Path, tmp_path: Path) -> None:
    quest = load_quest(folder)
    manner = Manner(scale="tiny", towns=1, runs=1, whole=False)
    keep_proof(proof_of(quest, [], [], manner=manner), tmp_path)
    assert find_proof(quest, scale="tiny", home=tmp_path) is None


def test_a_proof_by_another_judge_does_not_count(folder: Path, tmp_path: Path) -> None:
    quest = load_quest(folder)
    proven(quest, tmp_path)
    proof = find_proof(quest, scale="tiny", home=tmp_path)
    assert isinstance(proof, Proof)
    keep_proof(proof.model_copy(update={"judge": "0" * 64}), tmp_path)
    assert find_proof(quest, scale="tiny", home=tmp_path) is None


def test_an_active_quest_is_proven_as_learners_are_judged(folder: Path, tmp_path: Path) -> None:
    scales = replaced("quest.yaml", "{tiny: {rows: 10}}", "{tiny: {rows: 10}, large: {rows: 99}}")
    scales(folder)
    replaced("quest.yaml", "grading_scale: tiny", "grading_scale: large")(folder)
    quest = load_quest(folder)
    proven(quest, tmp_path / "home")
    with pytest.raises(CannotPublish, match=r"only at tiny.*sim verify --full"):
        plan(quest, shelf=tmp_path / "shelf", home=tmp_path / "home")
    proven(quest, tmp_path / "home", scale="large")
    assert plan(quest, shelf=tmp_path / "shelf", home=tmp_path / "home").last is None


@pytest.fixture
def shelved(folder: Path, tmp_path: Path) -> Path:
    """The shelf after version 1.0.0."""
    quest = load_quest(folder)
    proven(quest, tmp_path / "home")
    shelf = tmp_path / "shelf"
    publish(plan(quest, shelf=shelf, home=tmp_path / "home"), shelf=shelf)
    return shelf


def planned(folder: Path, shelf: Path, *edits: Edit) -> str:
    """What a plan says of edits: the refusal, or the steps of the changes."""
    for edit in edits:
        edit(folder)
    quest = load_quest(folder)
    proven(quest, folder.parent / "home")
    try:
        found = plan(quest, shelf=shelf, home=folder.parent / "home")
    except CannotPublish as refused:
        return str(refused)
    return ", ".join(change.bump.name for change in found.changes)


def test_a_typo_is_a_patch(folder: Path, shelved: Path) -> None:
    assert planned(folder, shelved, written("story.en.md", "Once."), version("1.0.1")) == "PATCH"


def test_the_same_version_twice_is_refused(folder: Path, shelved: Path) -> None:
    assert "nothing differs from 1.0.0" in planned(folder, shelved)
    told = planned(folder, shelved, written("story.en.md", "Once."))
    assert "1.0.0 does not come after 1.0.0" in told


@pytest.mark.parametrize(("severity", "said"), [("major", "make it 2.0.0"), ("minor", "MINOR")])
def test_a_new_check_that_must_be_passed_is_a_major_step(
    severity: str, said: str, folder: Path, shelved: Path
) -> None:
    more = CHECKS + NEW_CHECK.format(severity=severity)
    edits = [written(f"{STAGE}/checks.py", more), written(f"{STAGE}/messages.yaml", NEW_TEXT)]
    assert said in planned(folder, shelved, *edits, version("1.1.0"))


def test_a_bundle_that_was_tampered_with_is_noticed(folder: Path, shelved: Path) -> None:
    bundle = next(shelved.rglob("*.tar.gz"))
    bundle.chmod(0o644)
    bundle.write_bytes(bundle.read_bytes() + b"x")
    told = planned(folder, shelved, written("story.en.md", "Once."), version("1.0.1"))
    assert "is not what was published" in told


def test_another_quest_does_not_take_a_slug(folder: Path, shelved: Path) -> None:
    told = planned(folder, shelved, replaced("quest.yaml", "3f0b4a9e", "4f0b4a9e"))
    assert "another quest needs another slug" in told
