"""What a case must come to, held against what did come."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.attack.case import Case, Evidence, Says

TOLD: Final = re.compile(r"Seen: (\{.*\})\s*\Z", re.S)
WITHHELD: Final = "output of a hidden phase is shown"
HIDDEN: Final = "hidden"

# The table of messages in the security design: which reasons say it, and the limit they name.
MESSAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "M-SAME": (),
    "M-TIME": ("wall_seconds", "cpu_seconds"),
    "M-MEM": ("memory_mb",),
    "M-PROC": ("processes",),
    "M-DISK": ("scratch_mb", "scratch_files"),
    "M-OUT": ("output_kb",),
    "M-CRASH": ("crashed", "raised", "command_failed", "not_found"),
    "M-CRASH-H": ("crashed", "raised"),
    "M-CONTRACT": (
        "rejected",
        "names_twice",
        "artifact_unreadable",
        "artifact_rejected",
        "artifact_column_rejected",
        "artifact_row_rejected",
        "artifact_cell_rejected",
        "artifact_over_limit",
        "metrics_differ",
        "ids_differ",
        "not_a_table",
        "columns_missing",
        "ids_not_whole",
        "ids_twice",
        "ids_unknown",
        "ids_missing",
        "values_not_numbers",
        "values_not_finite",
        "values_out_of_range",
    ),
    "M-UPLOAD": (),
    "M-NET": ("raised",),
    "M-POLICY": ("raised", "query_failed"),
    "M-INFRA": (),
}
LIMITS: Final = ("M-TIME", "M-MEM", "M-PROC", "M-DISK", "M-OUT")


def complaints(case: Case, *found: Evidence) -> list[str]:
    """Everything that is not as the case says: nothing, when all is well."""
    return [said for evidence in found for said in _complaints(case, evidence)]


def _complaints(case: Case, evidence: Evidence) -> Iterator[str]:
    if case.refused is not None or evidence.answer:
        yield from _refusal(case, evidence)
    else:
        yield from _verdict(case, evidence)
    if case.also is not None:
        yield from case.also(evidence)


def _refusal(case: Case, evidence: Evidence) -> Iterator[str]:
    found = evidence.answer.get("code")
    if found != case.refused:
        yield f"the hand-in should be refused as {case.refused}, was {found or 'accepted'}"
    elif not str(evidence.answer.get("message", "")).strip():
        yield "the refusal says nothing"


def _verdict(case: Case, evidence: Evidence) -> Iterator[str]:
    report = evidence.report
    blames = (case.blame,) if isinstance(case.blame, str) else case.blame
    if report["blame"] not in blames:
        yield f"the blame should be {' or '.join(blames)}, is {report['blame']}"
    if report["passed"] != (report["blame"] == "passed"):
        yield f"passed is {report['passed']}, with the blame {report['blame']}"
    for name, says in case.checks.items():
        ways = (says,) if isinstance(says, Says) else says
        tried = [list(_check(name, way, evidence.check(name))) for way in ways]
        yield from min(tried, key=len)
    if not case.checks:
        yield "the case expects nothing of any check"
    yield from _message(case, evidence)
    yield from _seen(case, evidence)


def _check(name: str, says: Says, found: Mapping[str, Any]) -> Iterator[str]:
    if not found:
        yield f"there is no check {name}"
        return
    told = (found["status"], found["reason"])
    if told != (says.outcome, says.reason):
        yield f"{name} should end {says.outcome} ({says.reason}), ended {told[0]} ({told[1]})"
    for key, value in says.params.items():
        if found["params"].get(key) != value:
            yield f"{name} should say {key}={value}, says {found['params'].get(key)}"


def _message(case: Case, evidence: Evidence) -> Iterator[str]:
    """The message of the table: by a reason that says it, in words that name the limit."""
    wanted = MESSAGES[case.sees]
    found = [evidence.check(name) for name in case.checks]
    saying = [each for each in found if each and each["reason"] in wanted]
    if wanted and not saying:
        yield f"no check says {case.sees}: {[each.get('reason') for each in found]}"
    for each in saying:
        limit = each["params"].get("limit")
        if case.sees in LIMITS and _digits(limit) not in _digits(each["what"]):
            yield f"the message does not name the limit {limit}: {each['what']}"
    for each in evidence.report["checks"]:
        if each["phase"] == HIDDEN and each["output"]:
            yield f"{each['id']}: {WITHHELD}"


def _seen(case: Case, evidence: Evidence) -> Iterator[str]:
    """What the attack told in its output: the case must expect exactly that."""
    if case.told_by:
        return
    told = [
        json.loads(match[1])
        for each in evidence.report["checks"]
        if (match := TOLD.search(each["output"]))
    ]
    wanted = [] if case.seen is None else [case.seen]
    if told[:1] != wanted:
        yield f"the attack should see {wanted}, saw {told[:1]}"


def _digits(value: object) -> str:
    if isinstance(value, float):
        value = f"{value:g}"
    return re.sub(r"[^0-9.]", "", str(value))
