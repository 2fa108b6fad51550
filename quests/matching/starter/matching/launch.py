"""What will be done after the experiment, decided before it: ship, hold or stop."""

from collections.abc import Mapping
from typing import Any, Literal

Decision = Literal["ship", "hold", "stop"]


def decide_launch(readout: Mapping[str, Any]) -> Decision:
    """The decision that a readout bears.

    `readout`: `effect`, `low`, `high` (roubles an offer against the rule of today, and the ends of
    the 95 % interval), `srm_p` (chance of such a split if the coin is fair), `guardrails_breached`
    (names), `n_control`, `n_treatment`.
    """
    raise NotImplementedError("stage 'Four weeks of offers'")
