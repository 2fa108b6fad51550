"""What is around the code: addresses, versions, secrets, README, notebooks, two runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from graders import production
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.messages import library_texts
from graders.production.layout import ranges
from graders.quest import Quest
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox

CONFIGURED = production.configured(points=1)
PINNED = production.pinned(points=1)
SECRETS = production.no_secrets(points=1)
README = production.readme(points=1, says=["install", "run", "test"])
LAYOUT = production.package_layout(points=1, files=["app/data.py"])
LOGS = production.logs(points=1)
FILES = {"app/__init__.py": "", "app/data.py": "", "app/main.py": "", "tests/test_a.py": ""}
PROJECT = {**FILES, "requirements.txt": "numpy==2.1.0\n"}

Judged = Callable[..., Fail | None]


@pytest.fixture
def judged(quest: Quest, datasets: Datasets) -> Judged:
    """Judge a small project with some of its files replaced."""

    def run(check: Check, changed: dict[str, str] | None = None) -> Fail | None:
        rooms = Rooms(
            sandbox=FakeSandbox(), runtime="python-ml", limits=Limits(), datasets=datasets
        )
        rooms.enter(check.phase or Phase.STATIC)
        bodies = {path: body.encode() for path, body in {**PROJECT, **(changed or {})}.items()}
        work = Workspace(quest=quest, stage=quest.stages[0], files=bodies, rooms=rooms)
        try:
            check(work)
        except Fail as failure:
            texts = library_texts()
            declared = texts.checks[check.name].reasons.get(failure.reason)
            declared = declared or texts.reasons[failure.reason]
            for name, kind in declared.types.items():
                kind.clean(failure.params[name])
            return failure
        finally:
            rooms.close()
        return None

    return run


def reason(failure: Fail | None) -> str | None:
    return failure.reason if failure else None


@pytest.mark.parametrize(
    "line",
    [
        'connect("http://10.0.0.5:8123")',
        'connect(host="clickhouse.prod.lumen")',
        'HOST = "localhost"',
        'URL = "https://api.lumen.ru/v1"',
        'connect("postgresql://app@db.prod:5432/x")',
        'connect("host=db.prod dbname=x user=app")',
        'BUCKET = "lumen-models"',
        'read("s3://lumen-models/churn")',
        'x = os.environ.get("CLICKHOUSE_HOST", "10.1.2.3")',
        'x = os.getenv("API", "https://api.lumen.ru")',
        'def f(url="https://api.lumen.ru"): ...',
        'CONFIG = {"host": "db.prod"}',
        'connect(**{"endpoint": "kafka:9092"})',
        'ip = "192.168.1.1"',
        'requests.get("http://localhost:8000/predict")',
    ],
)
def test_an_address_in_the_code_is_found(judged: Judged, line: str) -> None:
    failure = judged(CONFIGURED, {"app/main.py": f"import os\n{line}\n"})
    assert reason(failure) == "addresses"
    assert failure
    assert failure.locations[0].line == 2


@pytest.mark.parametrize(
    "text",
    [
        'x = os.environ["CLICKHOUSE_HOST"]',
        'x = os.environ.get("CLICKHOUSE_HOST", "localhost")',
        'x = os.environ.get("CLICKHOUSE_HOST") or "localhost"',
        'x = os.environ.get("HOST", "clickhouse")',
        'x = os.environ.get("LOG_LEVEL", "INFO")',
        'def connect(host: str = "localhost", port: int = 8123): ...',
        'parser.add_argument("--host", default="127.0.0.1")',
        'uvicorn.run(app, host="0.0.0.0")',
        'class Settings(BaseSettings):\n    url: str = "https://api.lumen.ru"',
        'class Options:\n    host: str = "localhost"',
        '"""See https://docs.lumen.ru/churn."""',
        'raise ValueError("see https://docs.lumen.ru for the contract")',
        'x = f"http://{host}:{port}"',
        'NAMESPACE = "http://www.w3.org/2000/svg"',
        'VERSION = "1.2.3"',
        'name = "users.decision_at"',
        'x = "http://"',
        'TIME = "12:30"',
    ],
)
def test_what_is_configured_or_is_no_address_is_let_through(judged: Judged, text: str) -> None:
    assert judged(CONFIGURED, {"app/main.py": text, "tests/test_a.py": 'H = "10.0.0.5"'}) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "-r base.txt\n", "base.txt": "a==1\n"}, None),
        ({"requirements.txt": "-r base.txt\n", "base.txt": "a>=1\n"}, "not_pinned"),
        ({"requirements.txt": "-c pins.txt\na\nB_c\n", "pins.txt": "a==1\nb-c==2\n"}, None),
        ({"requirements.txt": "a\n", "uv.lock": "version = 1\n"}, None),
        ({"requirements.txt": f"a @ git+https://x/y@{'0' * 40}\n"}, None),
        ({"requirements.txt": "a @ git+https://x/y@main\n"}, "not_pinned"),
        (
            {"requirements.txt": "a\\\n==1 \\\n  --hash=sha256:00\nb==2 ; python_version > '3'\n"},
            None,
        ),
        ({"requirements.txt": "-r requirements.txt\n"}, "no_requirements"),
        ({"requirements.txt": "-r ../../secret\na==1\n"}, None),
    ],
)
def test_versions_may_be_exact_in_many_ways(
    judged: Judged, files: dict[str, str], expected: str | None
) -> None:
    assert reason(judged(PINNED, files)) == expected


def test_dependencies_may_stand_in_pyproject(judged: Judged) -> None:
    check = production.pinned(points=1, path="missing.txt")
    good = '[project]\nname = "a"\ndependencies = ["a==1"]\n'
    assert judged(check, {"pyproject.toml": good}) is None
    loose = judged(check, {"pyproject.toml": good.replace("==", ">=")})
    assert loose
    assert loose.locations[0].path == "pyproject.toml"
    assert loose.locations[0].line == 3
    assert reason(judged(check, {"pyproject.toml": "[[["})) == "file_missing"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("config.yaml", "db_password: hunter22"),
        ("docker-compose.yml", '  - API_KEY="a8f5f167f44f4964"'),
        ("app/main.py", f'x = "ghp_{"a" * 36}"'),
        ("notes.txt", "AKIA" + "A" * 16),
        ("tests/test_a.py", f'x = "hf_{"a" * 34}"'),
        ("app/k", "-----BEGIN RSA PRIVATE KEY-----"),
        ("Dockerfile", "ENV DB_PASSWORD=hunter22"),
        ("deploy/prod.env", "TOKEN=a8f5f167"),
    ],
)
def test_a_secret_is_found_in_any_file(judged: Judged, path: str, line: str) -> None:
    failure = judged(SECRETS, {path: f"# first\n{line}\n"})
    assert failure
    assert (failure.locations[0].path, failure.locations[0].line) == (path, 2)
    assert "hunter" not in str(failure.params)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("config.yaml", "db_password: ${DB_PASSWORD}"),
        ("docker-compose.yml", "POSTGRES_PASSWORD: postgres"),
        ("config.toml", 'password_file = "/run/secrets/db"'),
        ("app/main.py", 'password = "<your password>"'),
        ("README.md", "password: see the vault"),
        ("app/main.py", "token = tokens[0]"),
        ("data.json", '{"tokens": 12345}'),
    ],
)
def test_what_is_filled_in_elsewhere_is_no_secret(judged: Judged, path: str, line: str) -> None:
    assert judged(SECRETS, {path: line}) is None


RUN_IT = """\
# Churn

```bash
$ python -m venv .venv && source .venv/bin/activate
$ pip install -r requirements.txt
```

Then train:

```sh
export SIM_DATA=data
python -m app.main --out model.bin   # a minute
uvicorn app.main:app --host 0.0.0.0 --port <port>
make test
```
"""
MAKEFILE = ".PHONY: test\ntest: install\n\tpytest\ninstall:\n\tpip install .\n"


def test_a_readme_of_commands_that_work_passes(judged: Judged) -> None:
    assert judged(README, {"README.md": RUN_IT, "Makefile": MAKEFILE}) is None
    indented = (
        "How to:\n\n    pip install -r requirements.txt\n    python app/main.py\n\n    pytest\n"
    )
    assert judged(README, {"README.md": indented}) is None
    others = "```\nuv sync\nuv run pytest tests\ndocker build -t x .\ndocker run x\n```\n"
    assert judged(README, {"README.md": others, "Dockerfile": "FROM a\n"}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Churn\nRun it, test it, install it with pip. It logs and retries.\n", "no_commands"),
        ("```python\nimport app\n```\n", "no_commands"),
        ("```\npython -m app.train\n```\n", "names_nothing"),
        ("```\npip install -r requirements-dev.txt\n```\n", "names_nothing"),
        ("```\nmake serve\n```\n", "names_nothing"),
        ("```\ndocker build .\n```\n", "names_nothing"),
        ("```\npytest tests/test_gone.py::test_x\n```\n", "names_nothing"),
        ("```\npython -m app.main\npytest\n```\n", "does_not_install"),
        ("```\npip install -r requirements.txt\npytest\n```\n", "does_not_run"),
        ("```\npip install .\npython -m app.main\n```\n", "does_not_test"),
        ("```\n'unclosed\n", "does_not_install"),
        ("    app/main.py    the service\n    app/data.py    rows\n", "does_not_install"),
        ("`" * 100_000, "no_commands"),
        ("```\n" + "a && " * 50_000, "does_not_install"),
    ],
)
def test_a_readme_that_does_not_say_how_is_told_what_is_missing(
    judged: Judged, text: str, expected: str
) -> None:
    assert reason(judged(README, {"README.md": text})) == expected


def test_no_readme_is_told(judged: Judged) -> None:
    assert reason(judged(README)) == "no_readme"


def test_a_role_that_there_is_not_is_the_authors_slip() -> None:
    with pytest.raises(ValueError, match='install, run, test, not "deploy"'):
        production.readme(points=1, says=["deploy"])


def notebook(*cells: str) -> str:
    made: list[dict[str, object]] = [
        {"cell_type": "markdown", "metadata": {}, "source": cell[2:]}
        if cell.startswith("# ")
        else {
            "cell_type": "code",
            "metadata": {},
            "source": cell.splitlines(keepends=True),
            "outputs": [],
            "execution_count": None,
        }
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


MESSY = notebook(
    "# Exploration",
    "%matplotlib inline\nimport pandas as pd",
    "df = pd.read_csv('x.csv')",
    "df['day'] = df.ts.dt.date\ndf = df.groupby('user').agg('sum')",
    "df.hist()",
    "!pip install lightgbm\nmodel = LGBMClassifier().fit(df, y)",
    "print(roc_auc_score(y, model.predict(df)))",
    "def load_users(path):\n    return pd.read_parquet(path)",
)


def test_a_notebook_is_answered_with_what_to_split_where(judged: Judged) -> None:
    failure = judged(LAYOUT, {"eda.ipynb": MESSY})
    assert failure is not None
    assert failure.reason == "split_in_four"
    assert failure.params == {
        "path": "eda.ipynb",
        "cells": 7,
        "one": "app/data.py",
        "one_cells": "3, 8",
        "two": "app/features.py",
        "two_cells": "4",
        "three": "app/model.py",
        "three_cells": "6",
        "four": "app/metrics.py",
        "four_cells": "7",
    }


def test_a_notebook_that_only_shows_may_stay(judged: Judged) -> None:
    shows = notebook("# Look", "import app", "app.plot(3)\nplt.show()")
    assert judged(LAYOUT, {"notebooks/look.ipynb": shows}) is None


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"cells": 1}'])
def test_a_notebook_that_is_none_is_still_told(judged: Judged, text: str) -> None:
    assert reason(judged(LAYOUT, {"eda.ipynb": text})) == "notebooks"


def test_hostile_cells_are_only_read(judged: Judged, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    evil = notebook(f"open({str(mark)!r}, 'w').fit()", "(" * 5_000, "x = '\\ud800'", "\0")
    judged(LAYOUT, {"eda.ipynb": evil})
    assert not mark.exists()


def test_ranges_are_short() -> None:
    assert ranges([3, 1, 2, 7, 9, 10]) == "1-3, 7, 9-10"


def test_what_a_command_says_to_a_person_is_no_log(judged: Judged) -> None:
    said = 'def main():\n    print("done")\n\n\nif __name__ == "__main__":\n    main()\n'
    assert judged(LOGS, {"app/main.py": said, "app/__main__.py": "print(1)\n"}) is None
    helper = said.replace("def main", "def other")
    assert reason(judged(LOGS, {"app/main.py": helper})) == "prints"


def test_pages_of_good_words_in_dead_code_earn_no_behaviour(judged: Judged) -> None:
    """README, docstrings, logging, types and retries that nothing ever runs."""
    dead = (
        '"""Retries with backoff; logs; validates."""\nimport logging\n\n'
        "logger = logging.getLogger(__name__)\n\n\n"
        'def serve(rows: list[float]) -> list[float]:\n    """Predict with retries."""\n'
        "    if False:\n        logger.info('retry')\n    raise NotImplementedError\n"
    )
    files = {"app/main.py": dead, "README.md": RUN_IT, "Makefile": MAKEFILE}
    assert judged(production.documented(points=1), files) is None  # signs are there, and cheap
    static = [production.documented(points=1), production.annotated(points=1), README, LOGS]
    assert all(check.phase is Phase.STATIC for check in static)  # so behaviour is never theirs


def _trained(quest: Quest, datasets: Datasets, train: str) -> Workspace:
    rooms = Rooms(sandbox=FakeSandbox(), runtime="python-ml", limits=Limits(), datasets=datasets)
    rooms.enter(Phase.TRAIN)
    files = {"train.py": train.encode()}
    return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)


def test_reproducible_compares_something_or_is_a_slip() -> None:
    with pytest.raises(ValueError, match="name one"):
        production.reproducible("python", "train.py", points=1)


def test_another_number_of_answers_is_another_answer(quest: Quest, datasets: Datasets) -> None:
    work = _trained(quest, datasets, "x = 1\n")
    answers = iter([[1.0, 2.0], [1.0]])
    check = production.reproducible("python", "train.py", points=1, answer=lambda _: next(answers))
    with pytest.raises(Fail) as failure:
        check(work)
    assert failure.value.reason == "retraining_differs"
    nan = iter([[1.0, float("nan")], [float("inf"), float("nan")]])
    with pytest.raises(Fail) as failure:
        production.reproducible("python", "train.py", points=1, answer=lambda _: next(nan))(work)
    assert failure.value.params == {"rows": 1, "total": 2, "largest": 0.0}
    work.rooms.close()


def test_a_command_that_fails_is_the_learners(quest: Quest, datasets: Datasets) -> None:
    work = _trained(quest, datasets, "raise SystemExit(3)\n")
    with pytest.raises(Ended) as ended:
        production.reproducible("python", "train.py", points=1, answer=lambda _: [1.0])(work)
    assert ended.value.outcome is Outcome.ERROR
    work.rooms.close()
