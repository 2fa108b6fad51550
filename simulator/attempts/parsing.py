"""Does every file parse? Python is parsed in a room: a parser is code that bytes can attack."""

import hashlib
import logging
from collections.abc import Mapping

from graders.intake import parse_in_room
from sandbox.interface import Sandbox, SandboxError
from simulator.attempts.models import Snapshot
from simulator.attempts.refusals import Refusal

logger = logging.getLogger(__name__)


def check_syntax(files: Mapping[str, bytes], *, sandbox: Sandbox, runtime: str) -> frozenset[str]:
    """The digests of the Python files, all of which parse. Raises Refusal for one that does not.

    What was parsed before, for anyone, is not parsed again. When no room can be had the answer
    holds only what was: the grading waits for a room anyway, and refuses what does not parse.
    """
    digests = {
        path: hashlib.sha256(content).hexdigest()
        for path, content in files.items()
        if path.endswith(".py")
    }
    known = frozenset(
        Snapshot.objects.filter(digest__in=set(digests.values()), parsed=True).values_list(
            "digest", flat=True
        )
    )
    fresh = {path: body for path, body in files.items() if digests.get(path) not in known}
    try:
        problem = parse_in_room(fresh, sandbox=sandbox, runtime=runtime)
    except SandboxError:
        logger.exception("no room to parse in; the grading will")
        return known
    if problem is not None:
        raise Refusal.of(problem)
    return frozenset(digests.values())
