"""Is a split fair, steady, and another for every salt."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from graders.checking import Check
from graders.decision.making import Needs, library
from graders.experiment.asking import Arms, asked_arms, cold_arms, equip
from graders.failures import Fail
from graders.results import Group, Kind, Phase
from graders.rollout.estimators import SRM_ALARM, srm
from graders.workspace import Workspace

UNITS = 40_000
COLD = 2_000
SALTS = ("autumn", "autumn-2", "winter")
_CHANCE = 1e-5  # of a false alarm, all groups together

Flags = npt.NDArray[np.bool_]


def split_is_fair(
    *,
    target: str,
    points: float,
    share: float = 0.5,
    whole_numbers: bool = False,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """Each arm gets its share, in whatever way ids are given out.

    `target` is ``module:function`` of (unit, salt), called for 40,000 ids in a row and as many
    scattered ones; it answers 0 or 1 (or control, treatment). The whole split is held to the alarm
    of a sample ratio mismatch, p < 0.0005; so are even and odd ids, last digits, early and late
    ones, which a hash does not tell apart. `whole_numbers`: units are ints, not texts. Reasons:
    not_an_arm, share_off, parity_off, early_off, digit_off, hundred_off.
    """

    def judge(work: Workspace) -> None:
        row, scattered = _row(whole_numbers), _scattered(work.rooms.seed, whole_numbers)
        with work.room() as room:
            equip(room)
            first, second = (
                asked_arms(work, room, target, ids, SALTS[:1])[0] for ids in (row, scattered)
            )
        for arms in (first, second):
            treated = int(arms.sum())
            if srm(arms.size - treated, treated, share=share) < SRM_ALARM:
                facts = {"share": treated / arms.size, "stated": share, "total": arms.size}
                raise Fail("share_off", dict(facts))
        _no_group_is_off(first, share)

    return _made("split_fair", judge, points, severity, needs)


def split_is_steady(
    *,
    target: str,
    points: float,
    whole_numbers: bool = False,
    severity: str = "blocker",
    needs: Needs = (),
) -> Check:
    """The same unit stays in its arm: in another order, asked twice, in another process.

    Reasons: not_an_arm, order_changes, process_changes.
    """

    def judge(work: Workspace) -> None:
        ids = _row(whole_numbers)[:COLD]
        order = np.random.default_rng(work.rooms.seed).permutation(COLD)
        with work.room() as room:
            equip(room)
            first, again = (
                asked_arms(work, room, target, some, SALTS[:1])[0]
                for some in (ids, [ids[n] for n in order])
            )
        moved = int((first[order] != again).sum())
        if moved:
            raise Fail("order_changes", {"target": target, "found": moved, "total": COLD})
        if whole_numbers:
            return  # whole numbers have one hash in every process
        with work.room() as room:
            equip(room)
            cold = cold_arms(work, room, target, ids, SALTS[0])
        moved = int((first != cold).sum())
        if moved:
            raise Fail("process_changes", {"target": target, "found": moved, "total": COLD})

    return _made("split_steady", judge, points, severity, needs)


def split_reshuffles(
    *,
    target: str,
    points: float,
    whole_numbers: bool = False,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """Another salt deals anew: who was treated once is treated again as often as anybody.

    Chi-squared over pairs of salts that differ by little. Reasons: not_an_arm, salt_ignored,
    salts_related.
    """

    def judge(work: Workspace) -> None:
        with work.room() as room:
            equip(room)
            arms = asked_arms(work, room, target, _row(whole_numbers), SALTS)
        for one in range(len(SALTS)):
            for other in range(one):
                _are_unrelated(arms[one], arms[other], target)

    return _made("split_reshuffles", judge, points, severity, needs)


def _row(whole_numbers: bool) -> Sequence[int] | Sequence[str]:  # noqa: FBT001 - the author's word, handed on
    numbers = range(1_000, 1_000 + UNITS)
    return list(numbers) if whole_numbers else [f"user-{n}" for n in numbers]


def _scattered(seed: int, whole_numbers: bool) -> Sequence[int] | Sequence[str]:  # noqa: FBT001
    drawn = np.random.default_rng([seed, 0x1D]).integers(10**9, 10**15, UNITS)
    return [int(n) for n in drawn] if whole_numbers else [f"{int(n):x}" for n in drawn]


def _no_group_is_off(arms: Arms, share: float) -> None:
    """Groups that an id can be cut into: parity, last digits, hundreds, early and late."""
    number = np.arange(arms.size)
    groups: dict[str, Flags] = {"parity": number % 2 == 0, "early": number < arms.size // 2}
    groups |= {f"digit-{d}": number % 10 == d for d in range(10)}
    groups |= {f"hundred-{d}": number // 100 % 10 == d for d in range(10)}
    for name, inside in groups.items():
        treated, total = int(arms[inside].sum()), int(inside.sum())
        if stats.binomtest(treated, total, share).pvalue < _CHANCE / len(groups):
            kind = name.partition("-")[0]
            raise Fail(f"{kind}_off", {"share": treated / total, "stated": share})


def _are_unrelated(one: Arms, other: Arms, target: str) -> None:
    both = int((one & other).sum())
    same = float((one == other).mean())
    if same in (0.0, 1.0):
        raise Fail("salt_ignored", {"target": target})
    expected = float(one.mean()) * float(other.mean())
    if stats.binomtest(both, one.size, expected).pvalue < _CHANCE:
        raise Fail("salts_related", {"target": target, "same": same})


def _made(
    name: str,
    judge: Callable[[Workspace], None],
    points: float,
    severity: str,
    needs: Needs,
) -> Check:
    made = library(name, judge, points=points, severity=severity, needs=needs, phase=Phase.PUBLIC)
    return replace(made, group=Group.METRICS, kind=Kind.METRIC)
