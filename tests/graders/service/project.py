"""A small, good service over a model that training left, and ways to spoil it."""

from pydantic import BaseModel, Field

from graders.service import Api, Route

MODEL = """\
import json
from pathlib import Path

PLACE = Path("/artifacts/model.json")


def load():
    weights = json.loads(PLACE.read_text())
    return {"age": weights["age"], "calls": weights["calls"]}


def predict(rows, weights=None):
    weights = weights or load()
    scores = [weights["age"] * row["age"] + weights["calls"] * row["calls"] for row in rows]
    return [max(0.0, min(1.0, score)) for score in scores]
"""
SERVICE = """\
import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel

from app import model

state = {}


@asynccontextmanager
async def lifespan(app):
    state["weights"] = model.load()
    yield


app = FastAPI(lifespan=lifespan)


class Row(BaseModel):
    id: int
    age: float
    calls: int
    city: str | None = None


class Score(BaseModel):
    id: int
    score: float


@app.get("/health")
def health():
    return {"ready": "weights" in state}


@app.post("/predict")
def predict(row: Row) -> Score:
    (score,) = model.predict([row.model_dump()], state["weights"])
    return Score(id=row.id, score=score)
"""
ARTIFACTS = {"model.json": b'{"calls": 0.02, "age": 0.01, "trained": "2025-03-10", "rows": 1500}'}
COMMAND = ("python", "-m", "uvicorn", "app.service:app", "--port", "{port}")


class Row(BaseModel):
    """What is asked."""

    id: int
    age: float
    calls: int
    city: str | None = None


class Score(BaseModel):
    """What is answered."""

    id: int
    score: float = Field(ge=0, le=1)


ROW = {"id": 7, "age": 30.5, "calls": 4, "city": None}
PREDICT = Route(path="/predict", example=ROW, request=Row, response=Score)
API = Api(command=COMMAND, predict=PREDICT, model=("/artifacts/*",), start_seconds=10)


def project(**changes: str) -> dict[str, bytes]:
    """The good project with a file in another form; a module's name is the keyword."""
    files = {"__init__": "", "model": MODEL, "service": SERVICE, **changes}
    return {f"app/{name}.py": body.encode() for name, body in files.items()}


def spoiled(*pairs: tuple[str, str], source: str = SERVICE) -> str:
    """The good service with pieces of its text replaced; each piece must be there."""
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source
