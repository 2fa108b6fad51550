"""What will be done after the experiment, decided before it: ship, hold or stop."""

from collections.abc import Mapping
from typing import Any, Literal

Decision = Literal["ship", "hold", "stop"]

SPLIT_IS_BROKEN = 0.0005


def decide_launch(readout: Mapping[str, Any]) -> Decision:
    if readout["srm_p"] < SPLIT_IS_BROKEN or readout["guardrails_breached"]:
        return "hold"
    if readout["low"] > 0:
        return "ship"
    return "stop" if readout["high"] < 0 else "hold"
