"""A service of the learner's, asked over the room's own loopback."""

from graders import Phase, Workspace, check, fail
from sandbox.interface import ServiceDown

PORT = 8000


@check(group="production", points=100, severity="blocker", kind="contract", phase=Phase.SERVICE)
def answers(work: Workspace) -> None:
    """It answers on its port"""
    try:
        with work.room() as room, room.serve("python", "-m", "app.service", port=PORT) as service:
            answer = service.request("GET", "/")
    except ServiceDown:
        fail("down", port=PORT)
    if answer.status != 200 or answer.body != b"well":
        fail("answers_else", status=answer.status)
