"""A tracking store says what a run was; a store that is hostile, invented or too good is told."""

import lzma
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graders import tracking
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Fail
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.tracking.store import read_store
from graders.workspace import Workspace
from sandbox.interface import Limits, Returned
from tests.fakes import FakeSandbox

STORES = Path(__file__).parent / "stores"
REAL = lzma.decompress((STORES / "mlflow-3.17.db.xz").read_bytes())
CARD = (STORES / "MLmodel").read_bytes()
RUN = "86709f747aa74a3b993d63085fdab461"
FOLDER = "mlruns/1/models/m-c0e8a6c4d7d34a99ad99cd27ac36a5a4/artifacts"
WHOLE = {"mlflow.db": REAL, f"{FOLDER}/MLmodel": CARD, f"{FOLDER}/model.pkl": b"opaque"}

Work = Callable[..., Workspace]


@pytest.fixture
def work(quest: Quest, datasets: Datasets) -> Iterator[Work]:
    made: list[Workspace] = []

    def make(
        artifacts: dict[str, bytes], *, sandbox: FakeSandbox | None = None, **files: bytes
    ) -> Workspace:
        rooms = Rooms(
            sandbox=sandbox or FakeSandbox(),
            runtime="python-ml",
            limits=Limits(),
            datasets=datasets,
            artifacts=artifacts,
        )
        rooms.enter(Phase.HIDDEN)
        made.append(Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms))
        return made[-1]

    yield make
    for one in made:
        one.rooms.close()


def small_store(*statements: str, without: str = "") -> bytes:
    """A store of the tables that are read, filled by statements."""
    database = sqlite3.connect(":memory:")
    tables = {
        "experiments": "experiment_id INTEGER, name, artifact_location, lifecycle_stage",
        "runs": "run_uuid TEXT, experiment_id INTEGER, name TEXT, status TEXT, start_time BIGINT,"
        " end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT",
        "params": "run_uuid TEXT, key TEXT, value TEXT",
        "tags": "run_uuid TEXT, key TEXT, value TEXT",
        "latest_metrics": "run_uuid TEXT, key TEXT, value FLOAT, is_nan BOOLEAN",
    }
    for name, columns in tables.items():
        if name != without:
            database.execute(f"CREATE TABLE {name} ({columns})")
    for statement in statements:
        database.execute(statement)
    database.commit()
    return database.serialize()


CHURN = "INSERT INTO experiments VALUES (1, 'churn', '', 'active')"


def a_run(name: str, *, ended: int, status: str = "FINISHED", stage: str = "active") -> str:
    return (
        f"INSERT INTO runs VALUES ('{name}', 1, '{name}', '{status}', 0, {ended}, '{stage}', '')"  # noqa: S608
    )


def a_metric(run: str, value: str, *, key: str = "roc_auc", is_nan: int = 0) -> str:
    return f"INSERT INTO latest_metrics VALUES ('{run}', '{key}', {value}, {is_nan})"  # noqa: S608


def told(check: Check, work: Workspace) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Fail) as failure:
        check(work)
    return failure.value.reason, failure.value.params


LOGGED = tracking.logged(
    "churn", params=["C", "seed"], metrics=["loss", "roc_auc"], signature=True, points=6
)


def test_a_store_that_mlflow_wrote_is_read(work: Work) -> None:
    runs = read_store(work(WHOLE)).experiments["churn"]
    assert [(run.name, run.status) for run in runs] == [
        ("failed", "FAILED"),
        ("broken", "FINISHED"),
        ("baseline", "FINISHED"),
    ]
    best = runs[-1]
    assert best.run_id == RUN
    assert best.params == {"C": "1.0", "seed": "7"}
    assert best.metrics == {"loss": pytest.approx(1 / 3), "roc_auc": 0.71}
    assert best.tags["stage"] == "model"
    assert runs[1].metrics == {"roc_auc": None}
    (model,) = best.models
    assert (model.flavors, model.signed, model.files) == (("python_function", "sklearn"), True, 1)


def test_a_run_that_is_whole_passes_although_others_failed_after_it(work: Work) -> None:
    assert LOGGED(work(WHOLE)) is None


@pytest.mark.parametrize(
    ("asked", "said", "params"),
    [
        ({"params": ["C", "depth"]}, "params_not_logged", {"names": "depth", "missing": 1}),
        ({"metrics": ["ece"]}, "metrics_not_logged", {"names": "ece", "missing": 1}),
    ],
)
def test_what_a_run_lacks_is_named(
    work: Work, asked: dict[str, Any], said: str, params: dict[str, Any]
) -> None:
    assert told(tracking.logged("churn", points=1, **asked), work(WHOLE)) == (said, params)


@pytest.mark.parametrize(
    ("artifacts", "said"),
    [
        ({}, "store_absent"),
        ({"mlflow.db": b""}, "artifact_rejected"),
        ({"mlflow.db": b"SQLite format 3\0" + bytes(4000)}, "artifact_rejected"),
        ({"mlflow.db": REAL[:5000]}, "artifact_rejected"),
        ({"mlflow.db": REAL}, "model_not_logged"),
        ({"mlflow.db": REAL, f"{FOLDER}/MLmodel": CARD}, "model_without_files"),
        ({**WHOLE, f"{FOLDER}/MLmodel": CARD.replace(b"run_id: 8", b"run_id: 9")}, ""),
        (
            {
                **WHOLE,
                f"{FOLDER}/MLmodel": CARD.replace(b"run_id: 8", b"run_id: 9").replace(
                    b"model_id: m-c", b"model_id: m-d"
                ),
            },
            "model_not_logged",
        ),
        (
            {**WHOLE, f"{FOLDER}/MLmodel": CARD.replace(b"  inputs: '", b"  inputs: null #'")},
            "",
        ),
        (
            {**WHOLE, f"{FOLDER}/MLmodel": CARD.partition(b"signature:")[0]},
            "model_without_signature",
        ),
        ({**WHOLE, f"{FOLDER}/MLmodel": b"\xff"}, "artifact_rejected"),
        ({**WHOLE, f"{FOLDER}/MLmodel": b"run_id: x\nrun_id: y\n"}, "artifact_rejected"),
        (
            {**WHOLE, f"{FOLDER}/MLmodel": b"!!python/object/apply:os.system ['x']"},
            "artifact_rejected",
        ),
        ({**WHOLE, f"{FOLDER}/MLmodel": b"flavors: &a [*a, *a]\n"}, "artifact_rejected"),
        ({**WHOLE, f"{FOLDER}/MLmodel": b"x" * 2_000_000}, "artifact_over_limit"),
    ],
)
def test_a_model_is_held_to_its_files_and_its_run(
    work: Work, artifacts: dict[str, bytes], said: str
) -> None:
    found = work(artifacts)
    if said:
        assert told(LOGGED, found)[0] == said
    else:
        assert LOGGED(found) is None


def test_a_database_that_came_with_the_project_is_no_run_of_this_training(work: Work) -> None:
    found = work(WHOLE, **{"mlflow.db": REAL})
    assert told(LOGGED, found) == ("store_handed_in", {"path": "mlflow.db"})


@pytest.mark.parametrize(
    ("statements", "said", "params"),
    [
        ([], "experiment_absent", {"experiment": "churn", "found": 0}),
        (
            [CHURN.replace("active", "deleted")],
            "experiment_absent",
            {"experiment": "churn", "found": 0},
        ),
        ([CHURN], "run_absent", {"experiment": "churn", "runs": 0}),
        (
            [CHURN, a_run("a", ended=1, status="RUNNING")],
            "run_absent",
            {"experiment": "churn", "runs": 1},
        ),
        (
            [CHURN, a_run("a", ended=1, stage="deleted")],
            "run_absent",
            {"experiment": "churn", "runs": 0},
        ),
        (
            [CHURN, a_run("a", ended=1), a_metric("a", "0.0", is_nan=1)],
            "metric_not_finite",
            {"metric": "roc_auc"},
        ),
        (
            [CHURN, a_run("a", ended=1), a_metric("a", "9e999")],
            "metric_not_finite",
            {"metric": "roc_auc"},
        ),
        ([CHURN, a_run("a", ended=1), a_metric("a", "'0.9'")], "", {}),
        (
            [CHURN, a_run("a", ended=1), a_metric("a", "'high'")],
            "metric_not_finite",
            {"metric": "roc_auc"},
        ),
    ],
)
def test_a_store_without_a_good_run_says_what_is_missing(
    work: Work, statements: list[str], said: str, params: dict[str, Any]
) -> None:
    check = tracking.logged("churn", metrics=["roc_auc"], model=False, points=1)
    found = work({"mlflow.db": small_store(*statements)})
    if said:
        assert told(check, found) == (said, params)
    else:
        assert check(found) is None  # SQLite stores a text that spells a number as a number


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x, x FROM n"
HOSTILE = {
    "a view that never ends": small_store(
        f"CREATE VIEW params (run_uuid, key, value) AS {ENDLESS}", without="params"
    ),
    "a view that reads files": small_store(
        "CREATE VIEW params AS SELECT load_extension('x') AS run_uuid, 1 AS key, 2 AS value",
        without="params",
    ),
    "a virtual table": small_store(
        "CREATE VIRTUAL TABLE params USING fts5(run_uuid, key, value)", without="params"
    ),
    "a column that is computed": small_store(
        "CREATE TABLE params (run_uuid TEXT, key TEXT,"
        " value TEXT GENERATED ALWAYS AS (printf('%.*c', 90000, 'x')) VIRTUAL)",
        "INSERT INTO params VALUES ('a', 'b')",
        without="params",
    ),
    "no table": small_store(without="runs"),
    "a column less": small_store("ALTER TABLE params DROP COLUMN value"),
    "bytes in a column": small_store("INSERT INTO params VALUES ('a', 'b', x'00ff')"),
    "a text that is none": small_store(
        "INSERT INTO params VALUES ('a', 'b', CAST(x'ff' AS TEXT))"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_store_is_refused_by_a_rule(work: Work, name: str) -> None:
    found = work({"mlflow.db": HOSTILE[name]})
    said, params = told(LOGGED, found)
    assert said == "artifact_rejected"
    assert params["rule"] in ("not-a-store", "unreadable", "column-of-another-type")


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (
            f"INSERT INTO params {ENDLESS} LIMIT 6000",
            "too-many-rows",
        ),
        ("INSERT INTO params VALUES ('a', 'b', printf('%.*c', 70000, 'x'))", "cell-too-long"),
    ],
)
def test_a_store_that_is_too_large_meets_its_limit(work: Work, statement: str, rule: str) -> None:
    found = work({"mlflow.db": small_store(statement)})
    said, params = told(LOGGED, found)
    assert (said, params["rule"]) == ("artifact_over_limit", rule)


def test_a_store_left_in_write_ahead_mode_is_read(work: Work) -> None:
    changed = bytearray(small_store(CHURN, a_run("a", ended=1)))
    changed[18:20] = b"\x02\x02"
    assert read_store(work({"mlflow.db": bytes(changed)})).experiments["churn"][0].name == "a"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"value": []},
        {"value": {"runs": 3}},
        {"value": {"runs": [3]}},
        {"value": {"runs": [[]], "experiments": []}},
        {"value": {"experiments": [[1]], "runs": [], "params": [], "tags": []}},
        {"value": {"experiments": [[{"a": 1}]]}},
        {"rule": "no such rule"},
        {"rule": ["too-many-rows"]},
    ],
)
def test_whoever_takes_over_the_parser_has_won_nothing(work: Work, answer: Any) -> None:
    taken = FakeSandbox(answers={"_reading:store": lambda *_: answer})
    said, _ = told(LOGGED, work({"mlflow.db": REAL}, sandbox=taken))
    assert said == "artifact_rejected"


def test_a_parser_that_dies_of_a_store_is_no_error_of_ours(work: Work) -> None:
    taken = FakeSandbox(answers={"_reading:store": lambda *_: Returned(crashed="SIGSEGV")})
    said, params = told(LOGGED, work({"mlflow.db": REAL}, sandbox=taken))
    assert (said, params["rule"]) == ("artifact_rejected", "kills-its-reader")


# ------------------------------------------------------------------ the numbers come true
def claims(value: float) -> dict[str, bytes]:
    return {
        "mlflow.db": small_store(
            CHURN,
            a_run("early", ended=1),
            a_metric("early", "0.5"),
            a_run("late", ended=2),
            a_metric("late", str(value)),
        )
    }


@pytest.mark.parametrize(
    ("value", "promises", "said"),
    [
        (0.71, False, ""),
        (0.72, False, ""),
        (0.69, False, ""),
        (0.75, False, "metric_off"),
        (0.65, False, "metric_off"),
        (0.65, True, ""),
        (0.75, True, "metric_off"),
    ],
)
def test_a_logged_metric_has_to_come_true(
    work: Work,
    value: float,
    promises: bool,  # noqa: FBT001 - a table of cases
    said: str,
) -> None:
    check = tracking.holds(
        "churn", "roc_auc", lambda work: 0.7049, within=0.02, promises=promises, points=5
    )
    if not said:
        assert check(work(claims(value))) is None
        return
    params = {"metric": "roc_auc", "logged": value, "value": 0.7, "within": 0.02}
    assert told(check, work(claims(value))) == (said, params)


def test_a_loss_that_is_promised_too_low_is_off() -> None:
    with pytest.raises(ValueError, match="within"):
        tracking.holds("churn", "loss", lambda work: 1.0, within=0.0, points=1)


def test_a_loss_may_be_promised_too_high_but_not_too_low(work: Work) -> None:
    check = tracking.holds(
        "churn",
        "roc_auc",
        lambda work: 0.4,
        within=lambda work: 0.02,
        more_is_better=False,
        promises=True,
        points=1,
    )
    assert check(work(claims(0.5))) is None
    assert told(check, work(claims(0.3)))[0] == "metric_off"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b'{"roc_auc": 0.71}', ""),
        (b'{"roc_auc": 0.7100001}', ""),
        (b'{"roc_auc": 0.73}', "metric_of_another_run"),
        (b'{"roc_auc": "0.71"}', "file_without_metric"),
        (b'{"roc_auc": true}', "file_without_metric"),
        (b"[0.71]", "file_without_metric"),
        (b'{"roc_auc": NaN}', "artifact_rejected"),
        (b"{", "artifact_rejected"),
    ],
)
def test_the_store_and_the_file_say_the_same(work: Work, document: bytes, said: str) -> None:
    check = tracking.agrees_with_file("churn", ["roc_auc"], points=2)
    found = work({**claims(0.71), "metrics.json": document})
    if said:
        assert told(check, found)[0] == said
    else:
        assert check(found) is None


def test_a_metric_that_is_logged_nowhere_agrees_with_nothing(work: Work) -> None:
    check = tracking.holds("churn", "ece", lambda work: math.pi, within=1.0, points=1)
    assert told(check, work(claims(0.7))) == ("metrics_not_logged", {"names": "ece", "missing": 1})
