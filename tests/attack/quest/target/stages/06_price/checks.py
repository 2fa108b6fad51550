"""Prices of rides are learned by a command."""

from graders import Phase, Workspace, check


@check(group="production", points=20, severity="blocker", phase=Phase.TRAIN)
def prices_are_learned(work: Workspace) -> None:
    """The command ends well, and what it leaves can be collected"""
    work.train("python", "-m", "app.pricing")
