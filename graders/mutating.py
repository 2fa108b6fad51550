"""The author's command that makes mutants for a stage where no bugs are planted.

    python -m graders.mutating quests/churn --stage tests
    python -m graders.mutating quests/churn --stage tests --module churn/metrics.py --most 30

Cosmic Ray changes the reference, one operator at a time; the reference's own tests run against
every change, in rooms. Kept is what they kill within their time and what differs in one line: a
change that they let pass may be no bug at all, one that cannot be imported or never ends is no
trial of a learner's tests. The same reference gives the same file. Needs `cosmic-ray`, which
the lock of developers (requirements/dev.txt) brings.
"""

import argparse
import ast
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from ruamel.yaml import YAML

from graders import mutants
from graders.datasets import prepare
from graders.faults import Fault, QuestError, did_you_mean
from graders.grading import limits_of
from graders.loading import load_quest
from graders.mutants import FILE, Mutant, MutantKind
from graders.quest import Quest, Stage
from graders.results import Phase
from graders.rooms import Rooms
from graders.suites import is_green, is_test_red, run_suite
from graders.works import reference
from graders.workshop.workbench import runner
from sandbox.client import RunnerSandbox
from sandbox.interface import Finished, SandboxError

MOST_KEPT: Final = 60
_SECONDS: Final = 20.0
_SECRET: Final = b"mutants" * 4
OPERATORS: Final[Mapping[str, MutantKind]] = {
    "core/ReplaceComparisonOperator_Lt_LtE": "boundary",
    "core/ReplaceComparisonOperator_LtE_Lt": "boundary",
    "core/ReplaceComparisonOperator_Gt_GtE": "boundary",
    "core/ReplaceComparisonOperator_GtE_Gt": "boundary",
    "core/ReplaceComparisonOperator_Eq_NotEq": "condition",
    "core/ReplaceComparisonOperator_NotEq_Eq": "condition",
    "core/ReplaceComparisonOperator_Lt_Gt": "condition",
    "core/ReplaceComparisonOperator_Gt_Lt": "condition",
    "core/ReplaceComparisonOperator_LtE_GtE": "condition",
    "core/ReplaceComparisonOperator_GtE_LtE": "condition",
    "core/ReplaceComparisonOperator_Is_IsNot": "condition",
    "core/ReplaceComparisonOperator_IsNot_Is": "condition",
    "core/ReplaceAndWithOr": "condition",
    "core/ReplaceOrWithAnd": "condition",
    "core/ReplaceTrueWithFalse": "condition",
    "core/ReplaceFalseWithTrue": "condition",
    "core/AddNot": "condition",
    "core/ReplaceUnaryOperator_Delete_Not": "condition",
    "core/ReplaceBinaryOperator_Add_Sub": "arithmetic",
    "core/ReplaceBinaryOperator_Sub_Add": "arithmetic",
    "core/ReplaceBinaryOperator_Mul_Div": "arithmetic",
    "core/ReplaceBinaryOperator_Div_Mul": "arithmetic",
    "core/ReplaceBinaryOperator_FloorDiv_Mul": "arithmetic",
    "core/ReplaceBinaryOperator_Mod_FloorDiv": "arithmetic",
    "core/ReplaceBinaryOperator_Pow_Mul": "arithmetic",
    "core/ReplaceUnaryOperator_USub_UAdd": "arithmetic",
    "core/NumberReplacer": "constant",
    "core/ReplaceBreakWithContinue": "loop",
    "core/ReplaceContinueWithBreak": "loop",
    "core/ZeroIterationForLoop": "loop",
    "core/ExceptionReplacer": "exception",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Make the mutants of a stage; exit code 2 when the quest is not well formed."""
    options = _options(argv)
    try:
        quest = load_quest(options.quest)
        stage = _stage(quest, options.stage)
        candidates = list(made(quest, stage, modules=options.module))
        print(f"{len(candidates)} changes of {stage.slug}; which of them do the tests kill?")
        found = _killed(quest, stage, candidates, options)
    except QuestError as error:
        print(error)
        return 2
    except SandboxError as error:
        print(f"no mutants, the sandbox fell down: {error}", file=sys.stderr)
        return 3
    write(quest, stage, mutants.drawn(found, seed=0, most=options.most))
    print(f"{len(found)} killed, the first {options.most} of every kind in turn are in {FILE}")
    return 0


def made(quest: Quest, stage: Stage, *, modules: Sequence[str] = ()) -> Iterator[Mutant]:
    """Every change of one line in the reference's package (or in `modules` of it)."""
    for path, body in sorted(reference(quest, stage).files.items()):
        inside = path in modules if modules else path.startswith(f"{quest.package}/")
        if inside and path.endswith(".py"):
            yield from changes(path, body.decode())


def changes(path: str, source: str) -> Iterator[Mutant]:
    """Every change of one line of a module that is still Python and is none of a comment."""
    seen = {source}
    for name, kind in OPERATORS.items():
        operator = get_operator(name)()
        for occurrence in range(10_000):
            text = mutate_code(source, operator, occurrence)
            if text is None:
                break
            mutant = _one_line(path, kind, source, text)
            if mutant and text not in seen and _is_python(text):
                seen.add(text)
                yield mutant


def killed(
    quest: Quest, stage: Stage, candidates: Sequence[Mutant], *, rooms: Rooms
) -> list[Mutant]:
    """Those that turn a test of the reference red, and let it come to an end."""
    project = reference(quest, stage).files
    changed = [
        {**project, one.path: mutants.applied(one, project[one.path])} for one in candidates
    ]
    before, *ended = run_suite(rooms, [project, *changed], seconds=_SECONDS)
    if not is_green(before):
        raise _error(quest.folder / "reference" / "tests", "W406", _not_green(before))
    return [one for one, run in zip(candidates, ended, strict=True) if is_test_red(run)]


def write(quest: Quest, stage: Stage, found: Sequence[Mutant]) -> None:
    """Keep a stage's mutants in the quest's file, beside those of other stages."""
    path = quest.folder / FILE
    yaml = YAML()
    yaml.width = 1_000
    known = yaml.load(path) if path.is_file() else {}
    in_order = sorted(found, key=lambda one: (one.path, one.line, one.becomes))
    known[stage.slug] = [one.model_dump() for one in in_order]
    text = io.StringIO()
    yaml.dump(known, text)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")


def _killed(
    quest: Quest, stage: Stage, candidates: Sequence[Mutant], options: argparse.Namespace
) -> list[Mutant]:
    options.home.mkdir(parents=True, exist_ok=True)
    scale = next(iter(quest.scales))
    data = prepare(quest, scale=scale, secret=_SECRET, home=options.home)
    with runner(options.home, kind=options.shell) as socket:
        rooms = Rooms(
            sandbox=RunnerSandbox(socket),
            runtime=stage.runtime or quest.runtime,
            limits=limits_of(quest, stage),
            datasets=data,
        )
        rooms.enter(Phase.OWN_TESTS)
        return killed(quest, stage, candidates, rooms=rooms)


def _one_line(path: str, kind: MutantKind, source: str, text: str) -> Mutant | None:
    before, after = source.split("\n"), text.split("\n")
    if len(before) != len(after):
        return None
    differ = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    if len(differ) != 1:
        return None
    line = differ[0]
    return Mutant(path=path, line=line + 1, kind=kind, was=before[line], becomes=after[line])


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _not_green(run: Finished) -> str:
    return f"the reference's tests must be green before mutants are made: {run.stdout[-300:]!r}"


def _stage(quest: Quest, slug: str) -> Stage:
    slugs = [stage.slug for stage in quest.stages]
    if slug not in slugs:
        known = did_you_mean(slug, slugs)
        raise _error(quest.folder / "quest.yaml", "W404", f'no stage "{slug}"{known}')
    return quest.stage(slug)


def _error(path: Path, code: str, message: str) -> QuestError:
    return QuestError([Fault(path=path, line=1, column=1, code=code, message=message)])


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m graders.mutating", description=__doc__)
    parser.add_argument("quest", type=Path, help="the quest's folder")
    parser.add_argument("--stage", required=True, help="the stage whose tests are judged")
    parser.add_argument("--module", action="append", default=[], help="a module of the reference")
    parser.add_argument("--most", type=int, default=MOST_KEPT, help="how many are kept")
    parser.add_argument("--shell", choices=("auto", "bubblewrap", "docker"), default="auto")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("SIM_HOME", ".sim")))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
