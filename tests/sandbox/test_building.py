"""A runtime that few need is built when it is first asked for: once, and told of meanwhile."""

import threading
import time
from pathlib import Path

import pytest

from sandbox import building, runtimes
from sandbox.building import Builder
from sandbox.shell import ShellError

BUILDS = """
import pathlib, sys, time
print("python-service: installing the locked packages", flush=True)
home = pathlib.Path(sys.argv[1])
while not (home / "go").exists():
    time.sleep(0.01)
(home / "count").open("a").write("x")
if (home / "fail").exists():
    print("no network")
    sys.exit(1)
tree = pathlib.Path(sys.argv[2])
tree.mkdir(parents=True)
(tree / "runtime.json").write_text("{}")
"""


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A builder whose command does as it is told, and waits for the file `go`."""
    monkeypatch.setenv("SIM_RUNTIMES", str(tmp_path / "runtimes"))
    tree = runtimes.describe("python-service", home=tmp_path).tree

    def command(_: str, home: Path) -> list[str]:
        return ["python3", "-c", BUILDS, str(home), str(tree)]

    monkeypatch.setattr(building, "command", command)
    return Builder(tmp_path)


def test_many_ask_and_it_is_built_once(builder: Builder, tmp_path: Path) -> None:
    found: list[runtimes.Runtime] = []
    askers = [
        threading.Thread(target=lambda: found.append(builder.find("python-service")))
        for _ in range(5)
    ]
    for asker in askers:
        asker.start()
    told = wait_for_step(builder, "installing the locked packages")
    assert (told["ready"], told["failed"]) == (False, "")
    (tmp_path / "go").touch()
    for asker in askers:
        asker.join(20)
    assert [each.name for each in found] == ["python-service"] * 5
    assert (tmp_path / "count").read_text() == "x"
    assert builder.prepare("python-service")["ready"]


def test_who_has_waited_long_enough_is_told_how_far_it_is(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PATIENCE_SECONDS", 0.05)
    builder.prepare("python-service")
    wait_for_step(builder, "installing the locked packages")
    with pytest.raises(
        ShellError, match=r"is being built: installing the locked packages, \d+ s so far"
    ):
        builder.find("python-service")
    (tmp_path / "go").touch()
    monkeypatch.setattr(building, "PATIENCE_SECONDS", 20)
    assert builder.find("python-service").name == "python-service"


def test_a_build_that_fails_says_why_and_is_begun_again(builder: Builder, tmp_path: Path) -> None:
    for name in ("go", "fail"):
        (tmp_path / name).touch()
    with pytest.raises(ShellError, match="python-service could not be built: no network"):
        builder.find("python-service")
    told = builder.prepare("python-service")
    assert not told["ready"]
    (tmp_path / "fail").unlink()
    assert builder.find("python-service").tree.is_dir()


def test_what_is_no_runtime_is_not_built(builder: Builder) -> None:
    with pytest.raises(ShellError, match="no runtime cobol"):
        builder.find("cobol")
    assert "no runtime cobol" in builder.prepare("cobol")["failed"]
    assert builder.prepare("python-service", needed=False) == {"ready": True}


def wait_for_step(builder: Builder, step: str) -> dict[str, object]:
    until = time.monotonic() + 20
    while True:
        told = builder.prepare("python-service")
        if told["step"] == step:
            return told
        assert time.monotonic() < until
        time.sleep(0.01)
