"""Ask a learner's policy for its decisions, and make codes of whatever it answers.

Total: any answer has an outcome. A table that cannot be joined is the learner's Fail; a decision
that is missing, named twice or no action at all falls back to the incumbent's, as it would in
production, and is counted.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.rollout.worlds import Action, Codes, Flags, Reads, World
from graders.workspace import Workspace

_CLOSE = 1e-9  # a price of 1.1500000000000001 is one of the grid's; 1.1500001 is none


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How the policy is asked: a function that takes a step's table and answers with one."""

    target: str  # "driver.rollout:decide"
    called: str  # what a learner calls it: "RetentionPolicy.decide"
    seconds: float = 20.0  # a batch's limit
    feedback: str | None = None  # a function that takes what became known
    data: str | None = None  # the hidden dataset that the room sees; None is the public one


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What a policy does in one step, in the order of the world's rows."""

    actions: Codes
    invalid: int  # rows decided by the incumbent instead
    answer: pd.DataFrame  # as it came: other columns are the check's to look at


def decide(work: Workspace, world: World, asked: Asked, batch: pd.DataFrame) -> pd.DataFrame:
    """Ask about one batch. Raises Ended, and Fail for what is no table of decisions."""
    answer = work.call(
        asked.target, batch, data=asked.data, called=asked.called, seconds=asked.seconds
    )
    if not isinstance(answer, pd.DataFrame):
        raise Fail("policy_no_table", {"found": type(answer).__name__})
    absent = [name for name in (world.key, world.action) if name not in answer.columns]
    if absent:
        raise Fail("policy_columns_missing", {"columns": ", ".join(absent)})
    return answer


def understood(world: World, answer: pd.DataFrame, keys: pd.Series, usual: Codes) -> Decisions:
    """The answer as codes in the order of `keys`; what cannot be understood is as usual."""
    said = _keys(answer[world.key], like=keys)
    if isinstance(world, Reads):
        codes = world.codes(answer)
    else:
        codes = codes_of(answer[world.action], world.actions)
    twice = said.duplicated(keep=False).to_numpy()
    sure = pd.Series(codes, index=said)[~twice & said.notna().to_numpy()]
    found = sure.reindex(keys.to_numpy()).fillna(-1).to_numpy(np.int64)
    invalid: Flags = found < 0
    return Decisions(
        actions=np.where(invalid, usual, found), invalid=int(invalid.sum()), answer=answer
    )


def codes_of(said: pd.Series, actions: tuple[Action, ...]) -> Codes:
    """The position of each word or number among the actions; -1 for what is none of them."""
    if all(isinstance(action, str) for action in actions):
        places = {action: place for place, action in enumerate(actions)}
        return np.array([_place(value, places) for value in said.tolist()], dtype=np.int64)
    grid = np.array(actions, dtype=np.float64)
    numbers = pd.to_numeric(said, errors="coerce").to_numpy(np.float64)[:, None]
    with np.errstate(invalid="ignore"):
        near = np.abs(numbers - grid[None, :]) <= _CLOSE
    return np.where(near.any(axis=1), near.argmax(axis=1), -1).astype(np.int64)


def _place(value: object, places: dict[Action, int]) -> int:
    return places.get(value, -1) if isinstance(value, str) else -1


def _keys(said: pd.Series, *, like: pd.Series) -> pd.Series:
    """The answer's keys as the world's type; missing where they are of none."""
    if not pd.api.types.is_numeric_dtype(like):
        return said.astype(str)
    numbers = pd.to_numeric(said, errors="coerce").astype(np.float64)
    whole = numbers.where(np.isfinite(numbers) & (numbers == np.floor(numbers)))
    return whole.reset_index(drop=True)
