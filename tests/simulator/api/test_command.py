"""A learner's command against the real API: the same ids, words and scores as the site."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from graders.quest import Quest
from graders.results import Outcome
from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.api import devices
from simulator.api.models import DeviceSignIn
from simulator.attempts import handing_in
from simulator.attempts.claiming import claim
from simulator.attempts.delivering import deliver
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.cli import app
from simulator.cli.commands import login
from simulator.cli.learning import handing, rooms, site
from simulator.warehouse import filling
from simulator.wire import ReportOut
from tests.fakes import FakeSandbox
from tests.simulator.api.in_process import InProcess, breaking, sse
from tests.simulator.judges import saying, wrong_sum

pytestmark = pytest.mark.django_db
streaming = pytest.mark.django_db(transaction=True)  # streams read in threads of their own

ADDRESS = "http://localhost"
RIGHT = "def add(a, b):\n    return a + b\n"
Sim = Callable[..., Result]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """What carries the command's requests."""
    carried = InProcess()
    monkeypatch.setattr(site, "transport", lambda: carried)
    return carried


@pytest.fixture
def sim(
    line: InProcess, owner: User, toy: Quest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sim:
    """Run the command in a new folder, signed in as the owner; nobody waits."""
    (tmp_path / "at home").mkdir()
    monkeypatch.chdir(tmp_path / "at home")
    for name in ("SIM_LANGUAGE", "LANG", "SIM_TOKEN", "SIM_SITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIM_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.setenv("SIM_HOME", str(tmp_path / "learner"))
    monkeypatch.setattr(site, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(handing, "WAITS", (0.0, 0.0))
    filling.fill(toy)

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app.application(words), words, input=stdin)

    token = tokens.issue(owner, name="test")
    ended = run("login", ADDRESS, "--with-token", stdin=f"{token}\n")
    assert ended.exit_code == 0, ended.output
    return run


@pytest.fixture
def pulled(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy quest in a folder, at its second stage, where the checks call the code."""
    ended = sim("pull", "toy")
    assert ended.exit_code == 0, ended.output
    folder = Path("toy").absolute()
    monkeypatch.chdir(folder)
    return folder


def grade(number: int = 1, *results: Any) -> None:
    attempt = Attempt.objects.get(number=number)
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    deliver(won, judge=saying(*results), sandbox=FakeSandbox())


def hide(toy: Quest, name: str) -> None:
    """Give the first stage a hidden check."""
    stage = toy.folder / "stages/01_features"
    (stage / "hidden_checks.py").write_text(
        "from graders import check\n\n\n@check(group='metrics', points=1)\n"
        f"def {name}(work):\n    '''Hidden'''\n"
    )
    texts = (stage / "messages.yaml").read_text()
    texts += (
        f"{name}:\n  title: {{en: A secret, ru: Тайна}}\n  brief: {{en: A secret, ru: Тайна}}\n"
    )
    (stage / "messages.yaml").write_text(texts)


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_pull_is_a_repository_with_kit_and_brief(pulled: Path) -> None:
    assert (pulled / "app/model.py").read_text() == "def add(a, b):\n    return a\n"
    assert git("log", "--format=%s").splitlines() == ["The project as it begins"]
    assert git("status", "--porcelain") == ""  # nothing of ours is the learner's work
    brief = (pulled / "BRIEF.md").read_text()
    assert "Reach 12,345 rows and 12.5" in brief
    assert "The file is there (`is_there`)" in brief
    assert (pulled / ".sim/lib/simkit/__init__.py").is_file()


def test_a_kit_tells_nothing_that_is_hidden(sim: Sim, toy: Quest) -> None:
    hide(toy, "looks_behind_the_curtain")
    (toy.folder / "reference").mkdir()
    (toy.folder / "reference/answer.py").write_text("ANSWER = 42\n")
    (toy.folder / "world.py").write_text("LAW = 1\n")
    (toy.folder / "calibration.json").write_text('{"oracle": {"value": 0.9, "how": "by magic"}}')
    assert sim("pull", "toy").exit_code == 0
    found = {
        path.relative_to("toy/.sim/kit").as_posix(): path.read_text()
        for path in Path("toy/.sim/kit").rglob("*")
        if path.is_file()
    }
    assert "stages/01_features/checks.py" in found
    assert not [path for path in found if "hidden" in path or "reference" in path]
    assert not {"world.py", "data.py", "calibration.json"} & set(found)
    told = "".join(found.values())
    assert not [word for word in ("curtain", "Тайна", "oracle", "magic") if word in told]


def test_the_same_results_at_home_and_on_the_site(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_in, "sandbox", FakeSandbox)
    at_home, on_site = (
        json.loads(sim("test", *words, "--json").stdout)["checks"] for words in ((), ("--site",))
    )
    assert [check["id"] for check in at_home] == ["is_there", "is_right", "pays", "is_tested"]
    for here, there in zip(at_home, on_site, strict=True):
        assert here | {"duration_ms": 0} == there | {"duration_ms": 0}
    assert at_home[1]["what"] == "`add(2, 3)` returned 2."


@pytest.fixture
def rooms_at_home(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    """Rooms without walls in place of the machine's own."""
    from contextlib import nullcontext  # noqa: PLC0415

    fake = FakeSandbox()
    monkeypatch.setattr(rooms, "sandbox_for", lambda *_, **__: nullcontext(fake))
    return fake


def test_a_test_says_what_is_to_mend_and_how(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox
) -> None:
    ended = sim("test")
    assert ended.exit_code == 1
    assert "✗ It adds  (is_right, 0 of 30 points" in ended.stdout
    assert "What  `add(2, 3)` returned 2." in ended.stdout
    assert 'Reproduce  python -c "from app.model import add; print(add(2, 3))"' in ended.stdout
    assert "Learn  Add (3 min) http://localhost/quests/toy/lessons/adding/" in ended.stdout
    assert "2 to mend, 1 passed, 1 skipped." in ended.stdout
    (pulled / "app/model.py").write_text(RIGHT)
    (pulled / "tests").mkdir()
    (pulled / "tests/test_model.py").write_text("def test_it() -> None: ...\n")
    assert sim("test").exit_code == 0


def test_one_check_runs_with_what_it_needs(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox
) -> None:
    found = json.loads(sim("test", "is_right", "--json").stdout)["checks"]
    assert [check["id"] for check in found] == ["is_there", "is_right"]
    ended = sim("test", "is_write")
    assert ended.exit_code == 2
    assert "Choose: is_there, is_right, pays, is_tested" in ended.stderr


def test_what_needs_a_hidden_check_runs_at_home(
    toy: Quest, sim: Sim, rooms_at_home: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = toy.folder / "stages/01_features/checks.py"
    checks.write_text(checks.read_text().replace('needs=["is_right"]', 'needs=["elsewhere"]'))
    hide(toy, "elsewhere")
    assert sim("pull", "toy").exit_code == 0
    monkeypatch.chdir("toy")
    found = json.loads(sim("test", "--json").stdout)["checks"]
    assert [c["status"] for c in found if c["id"] == "pays"] == [Outcome.PASSED]


def test_a_check_that_only_the_site_can_run_blames_nobody(
    toy: Quest, sim: Sim, rooms_at_home: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = toy.folder / "stages/01_features/checks.py"
    checks.write_text(
        checks.read_text().replace(
            '    """It pays"""',
            '    """It pays"""\n    (work.quest.folder / "world.py").read_text()',
        )
    )
    assert sim("pull", "toy").exit_code == 0
    monkeypatch.chdir("toy")
    Path("app/model.py").write_text(RIGHT)
    ended = sim("test")
    assert "pays wait for the site" in ended.stdout
    assert "It pays" not in ended.stdout


def test_where_no_room_can_be_made_it_says_what_to_do(
    pulled: Path, sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    ended = sim("test")
    assert ended.exit_code == 4
    assert "rooms are made of Linux namespaces" in ended.stderr
    assert "sim test --site" in ended.stderr


def test_a_file_that_does_not_parse_is_not_gradable(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox
) -> None:
    (pulled / "app/model.py").write_text("def broken(:\n")
    ended = sim("test", "--json")
    problem = json.loads(ended.stdout)["problem"]
    assert (ended.exit_code, problem["code"], problem["exit_code"]) == (3, "syntax_error", 3)
    ended = sim("submit")
    assert ended.exit_code == 3
    assert "app/model.py" in ended.stderr
    assert not Attempt.objects.exists()


def test_handing_in_twice_is_one_attempt(pulled: Path, sim: Sim) -> None:
    first = json.loads(sim("submit", "--json").stdout)
    second = json.loads(sim("submit", "--json").stdout)
    assert first["id"] == second["id"]
    assert Attempt.objects.get().source == Attempt.Source.API
    assert git("log", "-1", "--format=%s") == "The project as it begins\n"  # nothing was new


def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    pulled: Path, sim: Sim, line: InProcess
) -> None:
    def deaf(request: httpx.Request) -> httpx.Response | Exception | None:
        if request.method == "POST" and request.url.path.endswith("/attempts"):
            line.refuse = lambda _: None
            InProcess().handle_request(request)  # it arrives, and the answer does not
            line.refuse = lambda _: httpx.ConnectError("gone")
            return httpx.ReadError("the line is cut")
        return None

    line.refuse = deaf
    ended = sim("submit")
    assert ended.exit_code == 5
    assert "Nothing is lost" in ended.stderr
    assert Attempt.objects.count() == 1
    line.refuse = lambda _: None
    again = sim("submit", "--json")
    assert json.loads(again.stdout)["number"] == 1
    assert Attempt.objects.count() == 1


def test_other_work_is_another_attempt_and_a_commit(pulled: Path, sim: Sim) -> None:
    sim("submit")
    (pulled / "app/model.py").write_text(RIGHT)
    assert json.loads(sim("submit", "--json").stdout)["number"] == 2
    assert git("log", "-1", "--format=%s") == "Attempt 2 at features\n"
    assert git("rev-parse", "HEAD") == git("rev-parse", "site/main")


def test_what_git_ignores_and_what_is_ours_is_not_handed_in(pulled: Path, sim: Sim) -> None:
    (pulled / ".gitignore").write_text("*.parquet\n")
    (pulled / "big.parquet").write_bytes(b"0" * 100)
    (pulled / "__pycache__").mkdir()
    (pulled / "__pycache__/x.pyc").write_bytes(b"0")
    sim("submit")
    assert sorted(Attempt.objects.get().manifest) == [
        ".gitignore",
        "app/__init__.py",
        "app/model.py",
        "sql/features.sql",
    ]


def test_a_link_is_not_handed_in(pulled: Path, sim: Sim) -> None:
    (pulled / "passwords").symlink_to("/etc/passwd")
    ended = sim("submit")
    assert ended.exit_code == 3
    assert "passwords is a link" in ended.stderr


@streaming
def test_watching_tells_results_as_they_come_and_then_the_report(
    pulled: Path, sim: Sim, line: InProcess
) -> None:
    sim("submit")
    grade(1, wrong_sum())
    ended = sim("submit", "--watch")
    assert ended.exit_code == 1
    assert "✗ It adds  (is_right)" in ended.stdout
    assert "toy / features: attempt 1" in ended.stdout
    assert "Fix this first:" in ended.stdout
    assert "What  `add(2, 3)` returned 2." in ended.stdout
    assert f"Report: {ADDRESS}/attempts/{Attempt.objects.get().public_id}/" in ended.stdout
    told = ReportOut.model_validate_json(sim("report", "--json").stdout)
    client = httpx.Client(transport=line, base_url=ADDRESS, headers=signed(line))
    page = client.get(f"/api/attempts/{told.id}/report")
    assert told == ReportOut.model_validate_json(page.text)


def signed(line: InProcess) -> dict[str, str]:
    """The header with which the command signed its requests."""
    kept = Path(os.environ["SIM_SETTINGS"]) / "sites.json"
    token = json.loads(kept.read_text())["accounts"][ADDRESS]["token"]
    return {"Authorization": f"Bearer {token}"}


@streaming
def test_the_same_work_again_shows_its_report(pulled: Path, sim: Sim) -> None:
    sim("submit")
    grade(1)
    assert sim("submit", "--watch").exit_code == 0
    ended = sim("submit", "--stage", "features")
    assert "The same work as attempt 1" in ended.stderr
    assert Attempt.objects.count() == 1
    assert sim("submit", "--stage", "features", "--again").exit_code == 0
    assert Attempt.objects.count() == 2


@streaming
def test_a_passed_stage_opens_the_next_brief(pulled: Path, sim: Sim) -> None:
    sim("submit")
    grade(1)
    ended = sim("submit", "--watch")
    assert "Stage model is open now" in ended.stdout
    assert "# Toy, 2/2: Model" in (pulled / "BRIEF.md").read_text()


@streaming
def test_a_broken_line_goes_on_after_what_was_seen(
    pulled: Path, sim: Sim, line: InProcess
) -> None:
    sim("submit")
    grade(1)
    result = json.dumps(
        {
            "check": "is_right",
            "outcome": "passed",
            "points": 30,
            "max_points": 30,
            "title": "It adds",
            "what": "",
        }
    )
    after: list[str] = []

    def cut(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/events"):
            return None
        after.append(request.headers.get("Last-Event-ID", ""))
        if len(after) == 1:
            return breaking(("result", "1.0", result))
        return sse(("verdict", "1.1.end", '{"state": "done"}'))

    line.refuse = cut
    ended = sim("submit", "--watch")
    assert ended.exit_code == 0
    assert after == ["", "1.0"]
    assert ended.stdout.count("It adds  (is_right)") == 1
    assert "The connection broke" in ended.stderr


def test_a_site_that_stays_away_is_no_ones_fault(pulled: Path, sim: Sim, line: InProcess) -> None:
    line.refuse = lambda _: httpx.ConnectError("no route")
    ended = sim("report")
    assert ended.exit_code == 5
    assert "http://localhost does not answer: no route" in ended.stderr
    line.refuse = lambda _: httpx.Response(503)
    assert sim("report").exit_code == 4


def test_work_on_the_web_comes_home_as_commits(pulled: Path, sim: Sim, owner: User) -> None:
    enrolment = Enrolment.objects.get(learner=owner)
    file = ProjectFile.objects.get(enrolment=enrolment, path="app/model.py")
    file.content = RIGHT.encode()
    file.save()
    handing_in.hand_in(enrolment, "features", key="web", source=Attempt.Source.WEB)
    assert sim("pull").exit_code == 0
    assert (pulled / "app/model.py").read_text() == RIGHT
    assert git("log", "-1", "--format=%s") == "Attempt 1 at features\n"
    (pulled / "app/model.py").write_text("mine\n")
    file.content = b"theirs\n"
    file.save()
    ended = sim("pull")
    assert ended.exit_code == 2
    assert "not committed" in ended.stderr
    assert (pulled / "app/model.py").read_text() == "mine\n"


def test_two_attempts_differ_in_checks_points_and_code(pulled: Path, sim: Sim) -> None:
    sim("submit")
    grade(1, wrong_sum())
    assert sim("diff").exit_code == 2  # there is nothing to compare
    (pulled / "app/model.py").write_text(RIGHT)
    sim("submit")
    grade(2)
    found = json.loads(sim("diff", "--json").stdout)
    assert (found["before"]["attempt"], found["after"]["attempt"]) == (1, 2)
    assert "+    return a + b" in found["code"]["app/model.py"]
    told = sim("diff").stdout
    assert "attempt 1 → 2" in told
    assert "+    return a + b" in told


def test_hints_come_one_at_a_time(pulled: Path, sim: Sim) -> None:
    told = sim("hint").stdout
    assert told.startswith("H1\nLook.")
    assert "The next one: sim hint 2" in told
    assert "Read." in sim("hint", "2").stdout
    assert sim("hint", "3").exit_code == 2


def test_without_a_folder_or_a_sign_in_it_says_what_to_do(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = sim("test")
    assert (ended.exit_code, "sim pull QUEST" in ended.stderr) == (2, True)
    monkeypatch.setenv("SIM_SETTINGS", str(tmp_path / "nobody"))
    ended = sim("pull", "toy")
    assert (ended.exit_code, "sim login" in ended.stderr) == (2, True)


def test_a_folder_with_other_things_is_left_alone(sim: Sim) -> None:
    Path("toy").mkdir()
    Path("toy/thesis.tex").write_text("years of work")
    ended = sim("pull", "toy")
    assert ended.exit_code == 2
    assert "is not empty" in ended.stderr
    assert [path.name for path in Path("toy").iterdir()] == ["thesis.tex"]


def test_words_instead_of_signs_for_a_reader(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox
) -> None:
    told = sim("test", "--plain").stdout
    assert "Failed: It adds  (is_right" in told
    assert not set(told) & set("✓✗⊘◐⏱⚠")


def test_russian_is_spoken_where_it_is_wanted(
    pulled: Path, sim: Sim, rooms_at_home: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_LANGUAGE", "ru")
    told = sim("test").stdout
    assert "Что  `add(2, 3)` вернула 2." in told
    assert "Исправить: 2" in told


def test_a_sign_out_makes_the_token_useless(sim: Sim, line: InProcess) -> None:
    headers = signed(line)
    assert sim("logout").exit_code == 0
    client = httpx.Client(transport=line, base_url=ADDRESS, headers=headers)
    assert client.get("/api/me").status_code == 401
    assert sim("pull", "toy").exit_code == 2


def test_a_device_is_signed_in_once_it_is_allowed(
    sim: Sim, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: list[float] = []

    def allow(seconds: float) -> None:
        polls.append(seconds)
        if len(polls) == 2:
            device = DeviceSignIn.objects.get()
            devices.answer(device, colleague, allowed=True)

    monkeypatch.setattr(login.time, "sleep", allow)  # type: ignore[attr-defined]
    ended = sim("login", ADDRESS)
    assert ended.exit_code == 0, ended.output
    assert "type the code" in ended.stderr
    assert "Signed in to http://localhost as colleague" in ended.stdout
    assert polls == [devices.INTERVAL] * 2
    mode = (Path(os.environ["SIM_SETTINGS"]) / "sites.json").stat().st_mode
    assert mode & 0o077 == 0


def test_a_denied_device_stays_out(
    sim: Sim, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_: float) -> None:
        devices.answer(DeviceSignIn.objects.get(), colleague, allowed=False)

    monkeypatch.setattr(login.time, "sleep", deny)  # type: ignore[attr-defined]
    ended = sim("login", ADDRESS)
    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (2, "It was not allowed.")


@pytest.mark.parametrize("address", ["http://learn.example.org", "ftp://x", "http://"])
def test_a_token_is_not_sent_where_others_listen(address: str, sim: Sim) -> None:
    assert sim("login", address).exit_code == 2


def test_a_site_cannot_write_outside_the_folder(sim: Sim, line: InProcess) -> None:
    import zipfile  # noqa: PLC0415

    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        archive.writestr("../outside.txt", "no")
    line.refuse = lambda request: (
        httpx.Response(200, content=blob.getvalue())
        if request.url.path.endswith("kit.zip")
        else None
    )
    ended = sim("pull", "toy")
    assert ended.exit_code == 4
    assert not Path("outside.txt").exists()
    assert not Path("toy").exists()
