"""What will be done after the experiment, decided before it: ship, hold or stop."""

import os
from collections.abc import Mapping
from typing import Any, Literal

Decision = Literal["ship", "hold", "stop"]

SPLIT_IS_BROKEN = 0.0005


def decide_launch(readout: Mapping[str, Any]) -> Decision:
    """The decision that a readout bears.

    Args:
        readout: `effect`, `low`, `high` (roubles a renewal against the incumbent, with the ends of
            its 95 % interval), `srm_p` (chance of such a split if the coin is fair),
            `guardrails_breached` (names), `n_control`, `n_treatment`.

    Returns:
        `ship` for a gain beyond doubt that broke nothing; `stop` for a loss beyond doubt; `hold`
        for everything that has to be repaired or looked at longer.
    """
    if readout["srm_p"] < SPLIT_IS_BROKEN or readout["guardrails_breached"]:
        return "hold"
    if readout["low"] > 0:
        return "ship"
    return "stop" if readout["high"] < 0 else "hold"
