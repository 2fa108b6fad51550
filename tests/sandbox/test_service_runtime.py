"""The runtime `python-service`: its libraries work in forked rooms of both shells."""

import json
from collections.abc import Iterator

import pytest

from sandbox import runtimes
from sandbox.client import RunnerRoom
from sandbox.docker_shell import DockerShells
from sandbox.interface import Limits
from tests.needs import need
from tests.sandbox.conftest import HOME, KINDS, Host

LIMITS = Limits(cpu_seconds=60, wall_seconds=90, memory_mb=1024, processes=64, scratch_mb=64)
RUNTIME = "python-service"
IN_SHELLS = pytest.mark.parametrize("host", [KINDS[0], KINDS[2]], indirect=True)
SERVICE = b"""
import logging
from fastapi import FastAPI
from pydantic import BaseModel
logging.getLogger("app").warning("at work")
class Row(BaseModel):
    age: float
app = FastAPI()
@app.post("/predict")
def predict(row: Row): return {"score": row.age / 100}
"""
TESTED = b"""
from fastapi.testclient import TestClient
from service import app
def test_it():
    assert TestClient(app).post("/predict", json={"age": 30}).json() == {"score": 0.3}
    assert TestClient(app).post("/predict", json={"age": "x"}).status_code == 422
"""
LOGS = """
import mlflow, mlflow.sklearn
from sklearn.linear_model import LogisticRegression
mlflow.set_tracking_uri("sqlite:////artifacts/mlflow.db")
mlflow.create_experiment("churn", artifact_location="/artifacts/models")
mlflow.set_experiment("churn")
with mlflow.start_run():
    mlflow.log_params({"C": 0.5})
    mlflow.log_metric("auc", 0.7)
    fitted = LogisticRegression(C=0.5).fit([[0.0], [1.0]], [0, 1])
    logged = mlflow.sklearn.log_model(fitted, name="model")
found = mlflow.search_runs(output_format="list")
assert [run.data.metrics for run in found] == [{"auc": 0.7}]
assert mlflow.sklearn.load_model(logged.model_uri).predict([[1.0]]).tolist() == [1]
"""


@pytest.fixture
def room(host: Host) -> Iterator[RunnerRoom]:
    if host.kind == "docker":
        why_not = DockerShells().why_not(RUNTIME)
        need(f"the image of {RUNTIME}", present=why_not is None)
    else:
        need(f"the runtime {RUNTIME}", present=_is_built())
    with host.sandbox.open(runtime=RUNTIME, limits=LIMITS) as opened:
        yield opened


def _is_built() -> bool:
    try:
        runtimes.find(RUNTIME, home=HOME)
    except runtimes.RuntimeMissing:
        return False
    return True


@IN_SHELLS
def test_a_fastapi_service_is_served_and_tested(room: RunnerRoom) -> None:
    room.upload({"service.py": SERVICE, "test_service.py": TESTED})
    command = ("python", "-m", "uvicorn", "service:app", "--port", "8000")
    with room.serve(*command, port=8000) as service:
        headers = {"content-type": "application/json"}
        answer = service.request("POST", "/predict", b'{"age": 50}', headers)
        assert (answer.status, json.loads(answer.body)) == (200, {"score": 0.5})
        assert service.request("GET", "/openapi.json").status == 200
        assert b"at work" in service.close().stderr
    tested = room.run("python", "-m", "pytest", "-q")
    assert tested.ok, tested.stdout


@IN_SHELLS
def test_runs_and_models_are_logged_to_a_sqlite_store(room: RunnerRoom) -> None:
    finished = room.run("python", "-c", LOGS)
    assert finished.ok, (finished.stopped, finished.stderr[-2000:])
    assert b"git" not in finished.stderr
    kept = room.files("/artifacts", max_files=50, max_bytes=10_000_000)
    assert "mlflow.db" in kept
    assert any(path.endswith("model.skops") for path in kept)


@IN_SHELLS
def test_what_python_ml_has_is_there_too(room: RunnerRoom) -> None:
    script = (
        "import lightgbm, numpy, pandas, pyarrow, sklearn, clickhouse_connect, simkit; print(1)"
    )
    assert room.run("python", "-c", script).stdout == b"1\n"


def test_the_services_packages_are_those_of_python_ml_and_more() -> None:
    ml, service = (_locked(name) for name in ("python-ml", RUNTIME))
    assert ml < service


def _locked(name: str) -> set[str]:
    lines = runtimes._lock(name).read_text().splitlines()
    return {line.split()[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}
