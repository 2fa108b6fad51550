"""The author's command: run a quest's works through their checks, in real rooms.

    python -m graders quests/churn                          the reference, every stage
    python -m graders quests/churn --stage model --work mistakes/honest_split --language ru
    python -m graders quests/churn --matrix                 every work before every check
    python -m graders quests/churn --receipt receipt.json --work project/    replay a grading

Exits with 1 when a work does not do what it must or a replay ends in another verdict, with 2 when
the quest is not well formed or a receipt does not fit it.
"""

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graders.datasets import Datasets, prepare
from graders.faults import QuestError, did_you_mean
from graders.grading import grade
from graders.intake import NotGradable
from graders.loading import inspect, load_quest
from graders.matrix import Row, problems, rows_of, untested
from graders.printing import matrix_lines, phase_line, result_lines, verdict_lines
from graders.quest import Language, Quest, Stage
from graders.receipts import (
    CannotReplay,
    Receipt,
    differences,
    fit_data,
    fit_quest,
    fit_rooms,
    fit_work,
    read_receipt,
    remarks,
)
from graders.results import CheckResult, PhaseStarted, Verdict
from graders.works import Work, find_work
from sandbox.client import RunnerSandbox
from sandbox.interface import Sandbox, SandboxError

_PATIENCE = 180.0  # seconds for a runner to come up; the first time it builds its runtime
_SECRET_BYTES = 32


def main(argv: list[str] | None = None) -> int:
    """Run the command; the result is its exit code."""
    options = _options(argv)
    faults = inspect(options.quest, only=options.stage)
    if faults:
        print("\n".join(str(fault) for fault in faults))
        print(f"{len(faults)} to mend")
        return 2
    try:
        quest = load_quest(options.quest)
        if options.receipt:
            return _replay(quest, read_receipt(options.receipt), options)
        return _grade(quest, options)
    except (QuestError, CannotReplay) as error:
        print(error)
        return 2
    except SandboxError as error:
        print(f"no verdict, the sandbox fell down: {error}", file=sys.stderr)
        return 3


def _grade(quest: Quest, options: argparse.Namespace) -> int:
    stages = [stage for stage in quest.stages if options.stage in (None, stage.slug)]
    if not stages:
        known = did_you_mean(options.stage, [stage.slug for stage in quest.stages])
        print(f'{quest.slug} has no stage "{options.stage}"{known}')
        return 2
    with _bench(quest, options) as bench:
        return _matrix(bench, stages) if options.matrix else _works(bench, stages, options)


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """What grading needs: the quest, its data at a scale, and a sandbox."""

    quest: Quest
    datasets: Datasets
    sandbox: Sandbox
    language: Language
    seed: int

    def grade(self, work: Work, *, aloud: bool) -> Row:
        events = grade(
            self.quest,
            work.stage,
            work.files,
            sandbox=self.sandbox,
            datasets=self.datasets,
            seed=self.seed,
        )
        verdict = None
        try:
            for event in events:
                if isinstance(event, Verdict):
                    verdict = event
                if aloud:
                    self.say(work.stage, event)
        except NotGradable as refusal:
            sentence = refusal.problem.sentence(self.language)
            if aloud:
                print(f"  {sentence}")
            return Row(work=work, verdict=None, refused=sentence)
        return Row(work=work, verdict=verdict)

    def say(self, stage: Stage, event: PhaseStarted | CheckResult | Verdict) -> None:
        match event:
            case PhaseStarted():
                print(phase_line(event))
            case CheckResult():
                print("\n".join(result_lines(self.quest, stage, event, self.language)))
            case Verdict():
                print("\n".join(verdict_lines(stage, event)), flush=True)


def _works(bench: _Bench, stages: list[Stage], options: argparse.Namespace) -> int:
    rows = []
    for stage in stages:
        work = find_work(bench.quest, stage, options.work)
        if work.stage.slug != stage.slug:
            continue
        print(f"{bench.quest.slug} / {stage.slug} / {work.name}")
        rows.append(bench.grade(work, aloud=True))
    return _concluded(problems(rows))


def _replay(quest: Quest, receipt: Receipt, options: argparse.Namespace) -> int:
    """Grade the work as the receipt says it was. Raises CannotReplay, before any grading."""
    fit_quest(receipt, quest)
    basis = receipt.basis
    work = find_work(quest, quest.stage(basis.stage), options.work)
    fit_work(receipt, work.files)
    options.scale, options.seed = basis.scale, basis.seed
    print(f"{quest.slug} / {basis.stage} / {work.name}, as in {options.receipt}")
    with _bench(quest, options) as bench:
        fit_data(receipt, bench.datasets)
        with bench.sandbox.open(runtime=basis.runtime, limits=basis.limits) as room:
            fit_rooms(receipt, room.made)
        verdict = bench.grade(work, aloud=True).verdict
    if verdict is None or verdict.basis is None:
        print("! the work was graded then and is not gradable now")
        return 1
    found = differences(receipt, verdict)
    for remark in remarks(receipt, verdict.basis) if found else ():
        print(f"  note: {remark}")
    for line in found:
        print(f"! {line}")
    print("another verdict" if found else "the same verdict")
    return 1 if found else 0


def _matrix(bench: _Bench, stages: list[Stage]) -> int:
    rows: list[Row] = []
    for stage in stages:
        own = list(rows_of(bench.quest, [stage], lambda work: bench.grade(work, aloud=False)))
        print("\n".join(matrix_lines(stage, own)), flush=True)
        for check in untested(own):
            print(f"  note: no work fails {check}")
        rows += own
    return _concluded(problems(rows))


def _concluded(lines: list[str]) -> int:
    for line in lines:
        print(f"! {line}")
    print(f"{len(lines)} to mend" if lines else "every work does what it must")
    return 1 if lines else 0


@contextlib.contextmanager
def _bench(quest: Quest, options: argparse.Namespace) -> Iterator[_Bench]:
    home: Path = options.home
    home.mkdir(parents=True, exist_ok=True)
    scale = options.scale or quest.grading_scale
    datasets = prepare(quest, scale=scale, secret=_secret(home), home=home)
    for runtime in sorted({stage.runtime or quest.runtime for stage in quest.stages}):
        _build(runtime, home)
    with runner(home, kind=options.shell) as socket:
        yield _Bench(
            quest=quest,
            datasets=datasets,
            sandbox=RunnerSandbox(socket),
            language=options.language,
            seed=options.seed,
        )


def _build(runtime: str, home: Path) -> None:
    """Build a runtime unless it is there. Raises SandboxError."""
    command = [sys.executable, "-m", "sandbox.runtimes", runtime, "--home", str(home)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own
        raise SandboxError(f"the runtime {runtime} could not be built")


@contextlib.contextmanager
def runner(home: Path, *, kind: str, rooms: str = "auto") -> Iterator[Path]:
    """A runner of our own on a private socket; it ends with us. Raises SandboxError."""
    with tempfile.TemporaryDirectory(prefix="graders-") as folder:
        socket = Path(folder) / "runner.sock"
        command = [sys.executable, "-m", "sandbox.runner", "--home", str(home)]
        command += ["--socket", str(socket), "--shell", kind]
        command += [] if rooms == "auto" else ["--rooms", rooms]  # else SANDBOX_ROOMS says it
        process = subprocess.Popen(command)  # noqa: S603 - our own
        try:
            _await(socket, process)
            yield socket
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await(socket: Path, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SandboxError(f"the runner ended with code {process.returncode}")
        if socket.exists():
            return
        time.sleep(0.05)
    raise SandboxError(f"the runner did not come up within {_PATIENCE:.0f} s")


def _secret(home: Path) -> bytes:
    """The installation's secret, as the site reads it; hidden data follow from it."""
    given = os.environ.get("SIM_SECRET")
    if given:
        try:
            return bytes.fromhex(given)
        except ValueError:
            raise SystemExit("SIM_SECRET: expected hexadecimal digits") from None
    path = home / "secret"
    if not path.is_file():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
    return path.read_bytes()


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m graders", description=__doc__)
    parser.add_argument("quest", type=Path, help="the quest's folder")
    parser.add_argument("--stage", help="one stage; without it, every stage")
    parser.add_argument("--work", default="reference", help="reference, starter, mistakes/x, path")
    parser.add_argument("--matrix", action="store_true", help="every work before every check")
    parser.add_argument("--receipt", type=Path, help="replay this grading of the work")
    parser.add_argument("--scale", help="size of the data; without it, the grading scale")
    parser.add_argument("--language", choices=("en", "ru"), default="en")
    parser.add_argument("--shell", choices=("auto", "bubblewrap", "docker"), default="auto")
    parser.add_argument("--seed", type=int, default=20_240_501)
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(os.environ.get("SIM_HOME", ".sim")),
        help="where data and runtimes are kept",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
