"""The checks of a Dockerfile: good, sloppy and hostile ones, read by our reader."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from graders import dockerfile
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Fail
from graders.messages import library_texts
from graders.quest import Quest
from graders.results import Phase, Severity
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox

GOOD = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.11
FROM python:${PYTHON}-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:${PYTHON}-slim
RUN useradd --create-home app
WORKDIR /srv
COPY --from=build /install /usr/local
COPY app ./app
USER app
EXPOSE 8000
HEALTHCHECK CMD ["python", "-m", "app.health"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
"""
READ = [
    dockerfile.base(points=1),
    dockerfile.not_root(points=1),
    dockerfile.packages(points=1),
    dockerfile.no_secrets(points=1),
    dockerfile.small_context(points=1),
    dockerfile.healthcheck(),
]


@pytest.fixture
def project(quest: Quest, datasets: Datasets) -> Workspace:
    rooms = Rooms(sandbox=FakeSandbox(), runtime="python-ml", limits=Limits(), datasets=datasets)
    return Workspace(quest=quest, stage=quest.stages[0], files={}, rooms=rooms)


def with_files(work: Workspace, files: Mapping[str, str | bytes]) -> Workspace:
    bodies = {p: body.encode() if isinstance(body, str) else body for p, body in files.items()}
    return replace(work, files=bodies, _found={})


def reason_of(check: Check, work: Workspace, body: str | bytes, **files: str) -> str | None:
    named = {".dockerignore": files["ignored"]} if "ignored" in files else {}
    judged = with_files(work, {"Dockerfile": body, **named})
    failure = _failure(check, judged)
    judged.rooms.close()
    if failure is None:
        return None
    declared = library_texts().checks[check.name].reasons[failure.reason]
    assert set(declared.types) <= set(failure.params)
    assert all(place.path == "Dockerfile" for place in failure.locations)
    return failure.reason


def _failure(check: Check, work: Workspace) -> Fail | None:
    try:
        check(work)
    except Fail as failure:
        return failure
    return None


@pytest.mark.parametrize("check", READ, ids=lambda check: check.name)
def test_a_careful_dockerfile_passes_every_one(check: Check, project: Workspace) -> None:
    assert reason_of(check, project, GOOD) is None


@pytest.mark.parametrize(
    "check", [dockerfile.linted(points=1), *READ], ids=lambda check: check.name
)
def test_each_has_its_texts_and_its_phase(check: Check) -> None:
    assert check.phase is Phase.STATIC
    assert "not_a_dockerfile" in library_texts().checks[check.name].reasons


def test_a_health_check_is_but_a_note() -> None:
    check = dockerfile.healthcheck()
    assert (check.severity, check.points) == (Severity.NOTE, 0)


@pytest.mark.parametrize(
    ("check", "body", "reason"),
    [
        (READ[0], "FROM evil/python:3.11\n", "base_not_allowed"),
        (READ[0], "FROM python:3.11\nCOPY --from=evil/tool:1.0 /a /a\n", "base_not_allowed"),
        (READ[0], "ARG BASE\nFROM ${BASE}\n", "base_not_allowed"),
        (READ[0], "FROM python\n", "base_not_pinned"),
        (READ[0], "FROM python:latest\n", "base_not_pinned"),
        (READ[0], "FROM python:3-slim\n", "base_not_pinned"),
        (READ[0], "FROM registry.local:5000/python:3.11\n", "base_not_allowed"),
        (READ[1], "FROM python:3.11\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nUSER \\\n# USER app\nroot\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nUSER 0:0\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nUSER app\nUSER root\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nRUN <<EOF\nUSER app\nEOF\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nONBUILD USER 1000\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nUSER ${WHO}\n", "runs_as_root"),
        (READ[1], "FROM python:3.11 AS a\nUSER 1000\nFROM python:3.11\n", "runs_as_root"),
        (READ[1], "FROM python:3.11\nUSER app\n", "no_such_user"),
        (READ[2], "FROM a\nRUN pip install numpy\n", "packages_not_pinned"),
        (READ[2], "FROM a\nRUN cd x && \\\n pip install a==1 'b>=2'\n", "packages_not_pinned"),
        (READ[2], 'FROM a\nRUN ["pip", "install", "numpy"]\n', "packages_not_pinned"),
        (READ[2], "FROM a\nRUN <<EOF\nset -e\npip install x\nEOF\n", "packages_not_pinned"),
        (READ[2], "FROM a\nRUN python -m pip install x\n", "packages_not_pinned"),
        (READ[2], "FROM a\nRUN uv pip install --system x\n", "packages_not_pinned"),
        (READ[3], "FROM a\nARG DB_PASSWORD\n", "secrets_in_image"),
        (READ[3], "FROM a\nENV A=1 API_TOKEN=x\n", "secrets_in_image"),
        (READ[3], "FROM a\nENV SECRET_KEY abc\n", "secrets_in_image"),
        (READ[3], "FROM a\nCOPY .env /srv/\n", "secrets_in_image"),
        (READ[3], 'FROM a\nADD ["x/id_rsa", "/home/a/"]\n', "secrets_in_image"),
        (READ[3], "FROM a\nRUN pip install -i https://me:hunter2@host/s x\n", "secrets_in_image"),
        (READ[4], "FROM a\nCOPY . /srv\n", "copies_everything"),
        (READ[4], "FROM a\nADD --chown=app ./ .\n", "copies_everything"),
        (READ[5], "FROM a\nHEALTHCHECK NONE\n", "no_healthcheck"),
    ],
)
def test_each_finds_what_it_is_for(
    check: Check, body: str, reason: str, project: Workspace
) -> None:
    assert reason_of(check, project, body) == reason


@pytest.mark.parametrize(
    ("check", "body"),
    [
        (READ[0], "FROM debian:bookworm-slim\n"),
        (READ[0], "FROM scratch\n"),
        (READ[0], f"FROM python@sha256:{'a' * 64}\n"),
        (READ[0], "FROM --platform=linux/amd64 docker.io/library/python:3.11.9 AS x\nFROM x\n"),
        (READ[0], "FROM ubuntu:22.04\nCOPY --from=ghcr.io/astral-sh/uv:0.5.1 /uv /bin/\n"),
        (READ[1], "FROM python:3.11 AS a\nUSER 1000\nFROM a\n"),
        (READ[1], "FROM gcr.io/distroless/python3-debian12:nonroot\n"),
        (READ[1], "FROM python:3.11\nARG UID=1000\nUSER ${UID}\n"),
        (READ[1], "FROM python:3.11\nuser \\\n\n  nobody\n"),
        (READ[2], "FROM a\nRUN pip install -U pip && pip install -c c.txt -r requirements.txt\n"),
        (READ[2], "FROM a\nRUN pip install . && pip install --target /x numpy==2.1.0\n"),
        (READ[2], "FROM a\nRUN --mount=type=cache,target=/c pip install 'x[all]==1.2' ./w.whl\n"),
        (READ[2], "FROM a\nRUN apt-get install -y curl\n"),
        (READ[3], "FROM a\nRUN --mount=type=secret,id=token pip install -r r.txt\n"),
        (READ[3], "FROM a\nENV SECRET_KEY_FILE=/run/secrets/key\nCOPY .env.example /srv/\n"),
        (READ[4], "FROM a\nCOPY --from=b / /\nCOPY app /srv/app\n"),
    ],
)
def test_what_a_careful_engineer_would_accept_is_let_through(
    check: Check, body: str, project: Workspace
) -> None:
    assert reason_of(check, project, body) is None


@pytest.mark.parametrize(
    ("ignored", "reason"),
    [
        ("*\n!app\n", None),
        (".git/\n**/.env\ndata\n", None),
        ("# nothing\n\n", "copies_everything"),
        ("data\n", "ignores_too_little"),
        ("*\n!.env\n", "ignores_too_little"),
    ],
)
def test_the_whole_folder_may_be_copied_where_the_rest_is_held_back(
    ignored: str, reason: str | None, project: Workspace
) -> None:
    assert reason_of(READ[4], project, "FROM a\nCOPY . .\n", ignored=ignored) == reason


@pytest.mark.parametrize(
    "body",
    [
        "",
        "RUN true\nFROM a\n",
        "FROM\n",
        "FROM a\nFOO bar\n",
        "FROM a\nRUN <<EOF\nnever ends\n",
        "\N{FULLWIDTH LATIN CAPITAL LETTER F}ROM a\n",
        "FROM\N{NO-BREAK SPACE}a\n",
        "FROM a\nUSER app\N{LINE SEPARATOR}",
        "FROM a\n" + "RUN true\n" * 20_000,
        "FROM a\n" + "\\\n" * 60_000,
        "\0FROM a\n",
    ],
    ids=lambda body: ascii(body[:20]),
)
def test_what_is_no_dockerfile_is_the_learners(body: str, project: Workspace) -> None:
    expected = {"not_a_dockerfile"}
    if "LINE SEPARATOR" in body or "USER" in body:
        expected = {"no_such_user"}  # one odd name: nothing made that user
    assert reason_of(READ[1], project, body) in expected


@pytest.mark.parametrize(
    "body",
    [
        "FROM a\nRUN " + "a=$" * 20_000 + "\n",
        "FROM a\nENV " + "${A:-" * 15_000 + "\n",
        "FROM a\nRUN " + "<<A " * 300 + "\n" + "A\n" * 300,
        "FROM a\nRUN " + "x" * 90_000 + "\n",
        "FROM a AS a\nFROM a AS b\nFROM b AS a\nFROM a\nUSER 1\n",
        "FROM a\n" + "RUN \\\n" + "# c\n" * 20_000 + "true\n",
        "FROM python:3.11\nLABEL x=\N{RIGHT-TO-LEFT OVERRIDE}resu\n",
    ],
    ids=lambda body: ascii(body[:24]),
)
def test_hostile_texts_end_in_a_verdict(body: str, project: Workspace) -> None:
    for check in READ:
        reason_of(check, project, body)  # a reason with its text, or none: never an error of ours


def test_other_bytes_than_text_and_no_file_are_told_as_such(project: Workspace) -> None:
    assert {
        _missing(project, {}),
        _missing(project, {"Dockerfile": b"FROM \xff\n"}),
    } == {"file_missing", "file_not_text"}


def _missing(project: Workspace, files: Mapping[str, bytes]) -> str:
    with pytest.raises(Fail) as failure:
        READ[0](with_files(project, files))
    return failure.value.reason
