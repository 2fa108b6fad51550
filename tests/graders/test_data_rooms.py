"""The data libraries with real rooms: the engine's own counters and types, a store in the jail."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graders import __main__ as command
from graders import leakage, sql, tracking
from graders.datasets import Datasets, prepare
from graders.failures import Fail
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.graders.small_quest import QUEST_YAML, write_quest
from tests.graders.test_tracking import CARD, FOLDER, HOSTILE, REAL
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

ROWS = 60_000
DATA = f"""\
import numpy as np
import pyarrow as pa

from graders.data import Hidden

PUBLIC_SEED = 1


def _sales(seed):
    rng = np.random.default_rng(seed)
    amount = np.round(rng.exponential(100, {ROWS}), 2)
    return [
        pa.record_batch(
            [
                pa.array(np.arange({ROWS}) % 500, pa.uint32()),
                pa.array(amount, pa.float64(), mask=rng.random({ROWS}) < 0.1),
                pa.array([f"nobody asked {{n * 7919}} for {{n * 104729}}" for n in range({ROWS})]),
            ],
            names=["shop", "amount", "note"],
        )
    ]


def generate(seed, scale):
    return {{"sales": _sales(seed)}}


def hidden(key, scale):
    truth = pa.record_batch([[1]], names=["one"])
    return Hidden(datasets={{"later": {{"sales": _sales(2)}}}}, truth={{"ones": [truth]}})
"""
TABLES = """\
tables:
  sales:
    meaning: {en: Sales, ru: Продажи}
    order_by: [shop]
    columns:
      shop: {type: UInt32, meaning: {en: Shop, ru: Магазин}}
      amount: {type: Nullable(Float64), meaning: {en: Amount, ru: Сумма}}
      note: {type: String, meaning: {en: Note, ru: Заметка}}
"""
REFERENCE = "SELECT shop, avg(amount) AS mean, count() AS sales FROM sales GROUP BY shop"
QUERIES = {
    "another_way": "SELECT sum(amount) / count(amount) AS mean, toInt64(count()) AS sales, shop\n"
    "FROM (SELECT shop, amount FROM sales) GROUP BY shop ORDER BY shop DESC",
    "fills_gaps": "SELECT shop, avg(ifNull(amount, 0)) AS mean, count() AS sales FROM sales\n"
    "GROUP BY shop",
    "fans_out": "SELECT shop, mean, sales FROM (SELECT shop, avg(amount) AS mean,\n"
    "count() AS sales FROM sales GROUP BY shop) ARRAY JOIN [1, 2] AS twice",
    "reads_twice": "SELECT shop, mean, sales FROM (SELECT shop, avg(amount) AS mean FROM sales\n"
    "GROUP BY shop) AS a JOIN (SELECT shop, count() AS sales FROM sales GROUP BY shop) AS b\n"
    "USING (shop)",
    "reads_notes": "SELECT shop, avg(amount) AS mean, countIf(note LIKE '%nobody%') AS sales\n"
    "FROM sales GROUP BY shop",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunnerSandbox, Path]]:
    home = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with command.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket), home


@pytest.fixture(scope="module")
def shop(
    sandbox: tuple[RunnerSandbox, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Quest, Datasets]:
    text = QUEST_YAML.replace("tables: {}\n", TABLES)
    folder = write_quest(tmp_path_factory.mktemp("quest"), quest=text)
    (folder / "data.py").write_text(DATA)
    (folder / "reference" / "sql").mkdir(parents=True)
    (folder / "reference" / "sql" / "q.sql").write_text(REFERENCE)
    quest = load_quest(folder)
    return quest, prepare(
        quest, home=sandbox[1], secret=b"a secret of this test, long", scale="tiny"
    )


@pytest.fixture(scope="module")
def rooms(sandbox: tuple[RunnerSandbox, Path], shop: tuple[Quest, Datasets]) -> Iterator[Rooms]:
    found = Rooms(sandbox=sandbox[0], runtime="python-ml", limits=Limits(), datasets=shop[1])
    found.enter(Phase.HIDDEN)
    yield found
    found.close()


def asked(rooms: Rooms, shop: tuple[Quest, Datasets], **files: str) -> Workspace:
    bodies = {name.replace("__", "/"): body.encode() for name, body in files.items()}
    quest = shop[0]
    return Workspace(quest=quest, stage=quest.stages[0], files=bodies, rooms=rooms)


SAME = sql.answers("sql/q.sql", data="later", rules={"keys": ("shop",)}, points=10)
BAG = sql.answers("sql/q.sql", data="later", points=10)
LEAN = sql.frugal("sql/q.sql", data="later", times=1.5, points=5)


@pytest.mark.parametrize(
    ("query", "by_key", "as_bag", "cost"),
    [
        ("another_way", None, None, None),
        ("fills_gaps", "values_differ", "rows_other", None),
        ("fans_out", "keys_twice", "rows_repeated", None),
        ("reads_twice", None, None, "reads_times_rows"),
        ("reads_notes", None, None, "reads_times_bytes"),
    ],
)
def test_a_query_is_judged_by_the_engine_itself(
    rooms: Rooms,
    shop: tuple[Quest, Datasets],
    query: str,
    by_key: str | None,
    as_bag: str | None,
    cost: str | None,
) -> None:
    rooms.renew()  # each query is a project of its own
    work = asked(rooms, shop, **{"sql__q.sql": QUERIES[query]})
    said: list[object] = []
    for check in (SAME, BAG, LEAN):
        try:
            said.append(check(work))
        except Fail as failure:
            said.append(failure.reason)
    assert said == [by_key, as_bag, cost]


# ------------------------------------------------------------------ a store in the jail
def test_a_store_of_mlflow_is_read_across_the_wall(
    rooms: Rooms, shop: tuple[Quest, Datasets]
) -> None:
    rooms.artifacts = {"mlflow.db": REAL, f"{FOLDER}/MLmodel": CARD, f"{FOLDER}/model.pkl": b"?"}
    check = tracking.logged("churn", params=["seed"], metrics=["roc_auc"], points=1)
    assert check(asked(rooms, shop)) is None


@pytest.mark.parametrize("name", [*HOSTILE, "large"])
def test_a_hostile_store_ends_in_the_jail(
    rooms: Rooms, shop: tuple[Quest, Datasets], name: str
) -> None:
    body = HOSTILE.get(name) or REAL + bytes(31_000_000)
    rooms.artifacts = {"mlflow.db": body}
    if name == "large":
        assert "churn" in tracking.read_store(asked(rooms, shop)).experiments
        return
    with pytest.raises(Fail, match="artifact_rejected"):
        tracking.read_store(asked(rooms, shop))


# ------------------------------------------------------------------ one row, one answer
PER_ROW = """\
import numpy as np


def honest(frame):
    return np.log1p(frame["amount"]).tolist()


def scaled(frame):
    return (frame["amount"] - frame["amount"].mean()).tolist()


def index(frame):
    return [float(n) for n in frame.index]
"""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("honest", None),
        ("scaled", "answer_depends_on_batch"),
        ("index", "answer_depends_on_batch"),
    ],
)
def test_an_answer_depends_on_its_row_alone(
    rooms: Rooms, shop: tuple[Quest, Datasets], function: str, said: str | None
) -> None:
    rows = pd.DataFrame({"shop": np.arange(30), "amount": np.arange(30) * 7.5})
    check = leakage.row_by_row(f"app.model:{function}", lambda work: rows, ids="shop", points=1)
    rooms.renew()
    rooms.artifacts = {}
    work = asked(rooms, shop, **{"app__model.py": PER_ROW})
    if said is None:
        assert check(work) is None
    else:
        with pytest.raises(Fail, match=said):
            check(work)
