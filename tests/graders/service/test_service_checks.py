"""The checks of a service on good, sloppy and hostile services, in real rooms."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from graders import __main__ as command
from graders import service
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.loading import load_quest
from graders.messages import load_catalogue
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.service.calibration import Pace
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Json, Limits
from tests.graders.service.project import API, ARTIFACTS, ROW, project, spoiled
from tests.graders.small_quest import small_datasets, write_quest
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

LIMITS = Limits(cpu_seconds=60, wall_seconds=90, memory_mb=1024, processes=64, scratch_mb=64)
BUDGET = service.Budget(p95=0.1, rate=60, requests=60)
Works = Callable[..., Workspace]


@pytest.fixture(scope="module")
def quest(tmp_path_factory: pytest.TempPathFactory) -> Quest:
    return load_quest(write_quest(tmp_path_factory.mktemp("quests")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def made(home: Path) -> Datasets:
    return small_datasets(home)


@pytest.fixture(scope="module")
def sandbox(home: Path, made: Datasets) -> Iterator[RunnerSandbox]:
    assert made.public_folder.is_relative_to(home)
    for name in ("python-ml", "python-service"):
        _need(name, home)
    with command.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket)


def _need(runtime: str, home: Path) -> None:
    try:
        runtimes.find(runtime, home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)


@pytest.fixture
def work(quest: Quest, made: Datasets, sandbox: RunnerSandbox) -> Iterator[Works]:
    """Make a project's workspace in the phase of the service; its rooms end with the test."""
    opened: list[Workspace] = []

    def make(files: dict[str, bytes], *, phase: Phase = Phase.SERVICE) -> Workspace:
        rooms = Rooms(sandbox=sandbox, runtime="python-service", limits=LIMITS, datasets=made)
        rooms.artifacts = dict(ARTIFACTS)
        rooms.enter(phase)
        opened.append(Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms))
        return opened[-1]

    yield make
    for one in opened:
        one.rooms.close()


def rows(_: Workspace) -> list[Json]:
    return [{**ROW, "id": n, "age": 20 + n / 7, "calls": n % 9} for n in range(12)]


def scored(work: Workspace, asked: Sequence[Json]) -> list[Json]:
    return list(work.call("app.model:predict", list(asked)))


SAMPLE = service.Sample(bodies=rows, field="score")
CHECKS = {
    "starts": service.starts(API, points=1),
    "contract": service.honours_contract(API, bodies=rows, points=1),
    "bad input": service.refuses_bad_input(API, points=1),
    "parity": service.same_as_batch(API, sample=SAMPLE, batch=scored, points=1),
    "restart": service.same_after_restart(API, sample=SAMPLE, points=1),
    "health": service.health_tells_the_truth(API, points=1),
    "load": service.answers_within(API, bodies=rows, budget=BUDGET, points=1),
    "cold": service.starts_within(API, seconds=3, points=1),
    "signs": service.looks_sound(points=1),
}


def ending(check: Check, work: Workspace) -> Fail | Ended:
    try:
        check(work)
    except (Fail, Ended) as ended:
        return ended
    pytest.fail(f"{check.name} has nothing to say")


def reason(check: Check, work: Workspace) -> str:
    """The reason a check gives; its facts must fit the message in both languages."""
    ended = ending(check, work)
    texts = load_catalogue(work.quest, work.stage).reason(check.name, ended.reason)
    assert texts is not None, ended.reason
    for name, kind in texts.types.items():
        kind.clean(ended.params[name])
    return ended.reason


def test_a_good_service_passes_every_check_in_one_phase(work: Works) -> None:
    good = work(project())
    for name, check in CHECKS.items():
        assert check(good) is None, name


HEALTH = '    return {"ready": "weights" in state}'
SCORE = "    return Score(id=row.id, score=score)"
LAZY = ('    state["weights"] = model.load()\n', "")
TYPED = ("row: Row) -> Score", "row: dict)")
PLAIN = ("row.model_dump()", "row")

SLOPPY = {
    "never ready": ("starts", [(HEALTH, "    raise HTTPException(503)")], "not_ready"),
    "answers another status": (
        "starts",
        [('@app.post("/predict")', '@app.post("/predict", status_code=201)')],
        "wrong_status",
    ),
    "raises": ("starts", [(SCORE, "    raise KeyError(score)")], "wrong_status"),
    "hides its document": (
        "contract",
        [("lifespan=lifespan", "lifespan=lifespan, openapi_url=None")],
        "no_openapi",
    ),
    "leaves a route out": (
        "contract",
        [('@app.post("/predict")', '@app.post("/predict", include_in_schema=False)')],
        "route_undocumented",
    ),
    "takes any dictionary": (
        "contract",
        [TYPED, PLAIN, (SCORE, '    return {"id": row["id"], "score": score}')],
        "field_undocumented",
    ),
    "answers a percentage": (
        "contract",
        [(SCORE, "    return Score(id=row.id, score=100 * score)")],
        "answer_differs",
    ),
    "answers text": (
        "contract",
        [("-> Score", ""), (SCORE, '    return Response(str(score), media_type="text/plain")')],
        "answer_differs",
    ),
    "documents another answer": (
        "contract",
        [
            ('@app.post("/predict")', '@app.post("/predict", responses={200: {"model": Row}})'),
            ("-> Score", ""),
            (SCORE, ('    return Response(Score(id=1, score=score).model_dump_json(), '
                    'media_type="application/json")')),
        ],
        "document_differs",
    ),
    "answers every path": (
        "contract",
        [(HEALTH, HEALTH + '\n\n\n@app.get("/{path}")\ndef any_path(path: str):\n    return {}')],
        "unknown_route_answered",
    ),
    "predicts a default for what is missing": (
        "bad input",
        [("    age: float", "    age: float = 0"), ("    calls: int", "    calls: int = 0")],
        "default_answered",
    ),
    "crashes on what it does not know": (
        "bad input",
        [TYPED, PLAIN, (SCORE, '    return {"id": row["id"], "score": score}')],
        "crashes",
    ),
    "rounds": ("parity", [(SCORE, "    return Score(id=row.id, score=round(score, 1))")],
               "differs_from_batch"),
    "learns from who asked before": (
        "restart",
        [(SCORE, ('    state["n"] = state.get("n", 0) + 1\n'
                 "    return Score(id=row.id, score=min(1, score + state['n'] / 100))"))],
        "restart_differs",
    ),
    "leaves a lock behind": (
        "restart",
        [('    state["weights"]', '    open("lock", "x").close()\n    state["weights"]')],
        "service_exited",
    ),
    "says ready and loads at the first request": (
        "health",
        [LAZY, (HEALTH, '    return {"ready": True}'),
         ('state["weights"])\n', 'state.setdefault("weights", None) or model.load())\n')],
        "ready_without_model",
    ),
    "says ready before it is": (
        "health",
        [LAZY, (HEALTH, '    return {"ready": True}')],
        "ready_too_early",
    ),
    "answers by default without its model": (
        "health",
        [('    state["weights"] = model.load()',
          ('    try:\n        state["weights"] = model.load()\n    except Exception:\n'
          '        state["weights"] = {"age": 0, "calls": 0}'))],
        "default_without_model",
    ),
    "carries its model in its code": (
        "health",
        [('model.load()', '{"age": 0.01, "calls": 0.02}')],
        "model_elsewhere",
    ),
    "stalls": (
        "load",
        [(SCORE, "    import time\n    time.sleep(0.7)\n" + SCORE)],
        "too_slow",
    ),
    "says that it was fast": (
        "load",
        [(SCORE, ("    import time\n    time.sleep(0.7)\n    time.perf_counter = lambda: 0.0\n"
                 "    time.monotonic = lambda: 0.0\n"
                 '    text = Score(id=row.id, score=score).model_dump_json()\n'
                 '    return Response(text, media_type="application/json", '
                 'headers={"X-Process-Time": "0.0"})'))],
        "too_slow",
    ),
    "sends its head at once and works later": (
        "load",
        [("import FastAPI,", "import FastAPI, Request,"), ("-> Score", ""),
         (SCORE, ("    from fastapi.responses import StreamingResponse\n\n    def late():\n"
                 "        import time\n        time.sleep(0.7)\n"
                 "        yield Score(id=row.id, score=score).model_dump_json()\n\n"
                 '    return StreamingResponse(late(), media_type="application/json")'))],
        "too_slow",
    ),
    "never stops answering": (
        "contract",
        [("-> Score", ""),
         (SCORE, ("    from fastapi.responses import StreamingResponse\n\n    def endless():\n"
                 "        while True:\n            yield b' ' * 100_000\n\n"
                 '    return StreamingResponse(endless(), media_type="application/json")'))],
        "unanswered",
    ),
    "takes all memory when many ask": (
        "load",
        [(SCORE, "    state.setdefault('kept', []).append(bytearray(os.urandom(1024)) * 65_536)\n"
                 + SCORE)],
        "memory_mb",
    ),
    "mixes up who asks at once": (
        "load",
        [(SCORE, ("    state['busy'] = state.get('busy', 0) + 1\n    import time\n"
                 "    time.sleep(0.03)\n    busy, state['busy'] = state['busy'], 0\n"
                 "    return Score(id=row.id, score=score if busy == 1 else 2)"))],
        "fails_under_load",
    ),
    "dies when many ask": (
        "load",
        [(SCORE, "    state['n'] = state.get('n', 0) + 1\n    if state['n'] > 20:\n"
                 "        os._exit(1)\n" + SCORE)],
        "died_under_load",
    ),
    "swallows every error": (
        "signs",
        [(SCORE, f"    try:\n    {SCORE}\n    except Exception:\n        score = 0\n{SCORE}")],
        "errors_swallowed",
    ),
    "loads its model for each request": (
        "signs",
        [('row.model_dump()], state["weights"]', "row.model_dump()], model.load()")],
        "loads_each_time",
    ),
    "sleeps in the event loop": (
        "signs",
        [("def predict", "async def predict"), (SCORE, "    time.sleep(0.1)\n" + SCORE)],
        "stands_still",
    ),
    "works at import": (
        "cold",
        [("state = {}", "import time\n\ntime.sleep(6.5)\nstate = {}")],
        "slow_start",
    ),
}  # fmt: skip


def test_a_service_that_fails_its_example_shows_its_log_in_the_phase_of_training(
    work: Works,
) -> None:
    bad = project(service=spoiled((SCORE, "    raise KeyError(score)")))
    ended = ending(CHECKS["starts"], work(bad, phase=Phase.TRAIN))
    assert isinstance(ended, Ended)
    assert ended.reason == "wrong_status"
    assert "KeyError" in ended.output


@pytest.mark.parametrize("name", SLOPPY)
def test_a_sloppy_service_is_answered_with_its_reason(
    name: str, work: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    if SLOPPY[name][-1] in {
        "too_slow",
        "slow_start",
    }:  # how busy this machine is has tests of its own
        monkeypatch.setattr("graders.service.latency.pace", lambda _: Pace())
        monkeypatch.setattr("graders.service.latency.ROUNDS", 1)
    check, pairs, wanted = SLOPPY[name]
    assert reason(CHECKS[check], work(project(service=spoiled(*pairs)))) == wanted
