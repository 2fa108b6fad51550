"""Waits for the first page, then says where it is."""

import json
import time
import urllib.error
import urllib.request
from typing import Final

LOGINS: Final = (
    ("learner", "learner", "plays quests"),
    ("instructor", "instructor", "sees a cohort"),
    ("author", "author", "writes quests"),
)
PATIENCE_SECONDS: Final = 120
POLL_SECONDS: Final = 0.3


def announce(port: int, *, preview: bool = False) -> None:
    """Print `ready` and the demo logins once pages answer and attempts can be graded."""
    address = f"http://127.0.0.1:{port}"
    state = _wait(f"{address}/health/")
    if not state.get("ok"):
        print(f"{address} answers, but attempts wait: {_why(state)}", flush=True)
    if preview:
        print(f"ready {address}/preview/", flush=True)
        return
    print(f"ready {address}", flush=True)
    for name, password, can in LOGINS:
        print(f"  sign in as {name} with password {password}: {can}", flush=True)
    print("  Ctrl-C stops everything; the data stays.", flush=True)


def _wait(address: str) -> dict[str, object]:
    """The health page's answer: the first good one, else the last before patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    state: dict[str, object] = {"ok": False, "detail": "no page answered"}
    while time.monotonic() < deadline:
        state = _ask(address) or state
        if state.get("ok"):
            break
        time.sleep(POLL_SECONDS)
    return state


def _ask(address: str) -> dict[str, object] | None:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310, our own address
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return None
    try:
        state = json.loads(body)
    except ValueError:
        return None
    return state if isinstance(state, dict) else None


def _why(state: dict[str, object]) -> str:
    return "; ".join(
        f"{name}: {said}" for name, said in state.items() if isinstance(said, str) and said != "ok"
    )
