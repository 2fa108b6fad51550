"""The worker's door to regrades: only a number crosses it."""

from simulator.attempts import handing_in
from simulator.attempts.tasks import judge
from simulator.celery import app
from simulator.regrading import stepping


@app.task(name=stepping.STEP)
def step(regrade_id: int) -> None:
    """Try the next attempt of a regrade."""
    stepping.step(regrade_id, judge=judge, sandbox=handing_in.sandbox())
