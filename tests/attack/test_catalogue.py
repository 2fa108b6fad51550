"""The attack suite is whole, and its judgement can turn red: without playing a single case."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django import forms

from simulator.environment import ROOT
from tests.attack import absent, expecting, mutation, table
from tests.attack.case import Case, Evidence, Says
from tests.attack.catalogue import CASES, NOT_APPLICABLE, PUBLIC, chosen, named
from tests.attack.rules import RULES
from tests.attack.running import Ran
from tests.attack.scanner import leaks
from tests.attack.together import Found, Part, missing_of
from tests.sandbox.walls.leaving import WALLS

TOKEN = "5f0c9d2e7ab84163"
CASE = Case(
    id="RES-03",
    does="grows",
    blame="learner_limit",
    checks={"adds": Says("limit", "memory_mb", {"limit": 384})},
    sees="M-MEM",
)
ADDS = {
    "id": "adds",
    "status": "limit",
    "reason": "memory_mb",
    "params": {"limit": 384},
    "what": "`add` was stopped at 384 MB of memory.",
    "phase": "public",
    "output": "",
}
EVIDENCE = Evidence(
    kind="bubblewrap",
    seconds=1.0,
    answer={},
    report={"blame": "learner_limit", "passed": False, "checks": [ADDS]},
    surfaces={},
)


def test_every_public_case_is_played_or_its_absence_explained() -> None:
    played = {case.listed for case in CASES}
    assert played | set(NOT_APPLICABLE) == set(PUBLIC)
    assert not played & set(NOT_APPLICABLE)
    assert all(len(why) > 40 for why in NOT_APPLICABLE.values())


def test_cases_have_names_of_their_own() -> None:
    names = [case.id for case in CASES]
    assert len(names) == len(set(names))


def test_groups_and_cases_can_be_chosen_and_a_slip_is_named() -> None:
    assert {case.listed for case in chosen(["RES-01", "SQL"])} == {"RES-01", "SQL-12"}
    with pytest.raises(LookupError, match="ESC-99"):
        chosen(["ESC-99"])


def test_every_wall_that_can_be_left_out_is_named_by_a_case() -> None:
    assert {wall for case in CASES for wall in case.walls} == set(WALLS)


def test_only_what_asks_our_own_parts_can_ask_over_http() -> None:
    """Why ESC-10 does not apply: nothing fetches what a learner names."""
    words = r"httpx|requests|http\.client|urllib\.request|urllib3|clickhouse_connect"
    asking = re.compile(rf"^\s*(?:import|from) (?:{words})", re.MULTILINE)
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("simulator", "graders")
        for path in (ROOT / package).rglob("*.py")
        if asking.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "simulator/cli/learning/site.py",  # a learner's own machine asks the site
        "simulator/demo/learning.py",  # the demo's own learner
        "simulator/lti/platform.py",  # the operator's platforms, and addresses on their hosts
        "simulator/serving/watching.py",  # waits for our own first page
        "simulator/warehouse/clickhouse.py",  # the operator's address
    }


def test_nothing_of_the_site_takes_an_address() -> None:
    """Why ESC-10 does not apply."""
    assert absent.places_for_an_address() == []


@pytest.mark.parametrize(
    "name", ["avatar_url", "webhook", "repo", "dataset_link", "callback", "image"]
)
def test_a_field_for_an_address_would_be_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = type(
        "TakingForm", (forms.Form,), {name: forms.CharField(), "title": forms.CharField()}
    )
    monkeypatch.setattr(absent, "_forms", lambda: iter([taking]))
    assert [place.rpartition(".")[2] for place in absent.places_for_an_address()] == [name]


@pytest.mark.parametrize(
    "told",
    [
        TOKEN.encode(),
        TOKEN.upper().encode(),
        TOKEN[::-1].encode(),
        TOKEN.encode().hex().encode(),
        base64.b64encode(b"x" + TOKEN.encode()),
        base64.b64encode(b"xy" + bytes.fromhex(TOKEN)),
    ],
)
def test_a_token_is_found_also_in_disguise(told: bytes) -> None:
    found = leaks({"/a": b"before " + told + b" after", "/b": b"nothing"}, {"a file": TOKEN})
    assert found == ["/a shows the token of a file"]


def test_what_is_as_expected_is_safe() -> None:
    assert list(expecting.complaints(CASE, EVIDENCE)) == []


@pytest.mark.parametrize(
    ("report", "word"),
    [
        ({"blame": "learner_error"}, "blame"),
        ({"blame": "learner_limit", "passed": True}, "passed"),
        ({"checks": [{**ADDS, "reason": "raised"}]}, "should end limit"),
        ({"checks": [{**ADDS, "params": {"limit": 1}}]}, "limit=384"),
        ({"checks": [{**ADDS, "what": "It was stopped."}]}, "does not name the limit"),
        ({"checks": []}, "there is no check adds"),
        ({"checks": [ADDS, {**ADDS, "id": "h", "phase": "hidden", "output": "x"}]}, "hidden"),
        ({"checks": [{**ADDS, "output": 'Seen: {"read": ["/etc"]}'}]}, "should see"),
    ],
)
def test_what_is_not_as_expected_turns_red(report: dict[str, object], word: str) -> None:
    found = replace(EVIDENCE, report={**EVIDENCE.report, **report})
    assert any(word in said for said in expecting.complaints(CASE, found))


def test_a_refusal_that_should_have_come_turns_red() -> None:
    refused = replace(CASE, refused="path_outside")
    assert any("was accepted" in said for said in expecting.complaints(refused, EVIDENCE))


RAN = Ran(
    case=chosen(["GAM-05/median"])[0],
    kind="docker",
    seconds=1.5,
    complaints=("I5: a token",),
    came_to="",
    ratio=1.0,
)


def test_every_rule_of_the_judge_is_defended_by_cases() -> None:
    for rule in RULES.values():
        assert named(rule.cases)
        assert all(hasattr(module, name) for module, name in rule.instead)


def test_a_part_that_ends_before_its_end_is_no_success() -> None:
    part = Part(kind="docker", cases=chosen(["GAM-05"]), walls=("seccomp",), rules=True)
    (said,) = missing_of(part, Found(ran=[RAN]), 0)
    assert "GAM-05/frequent" in said
    assert "seccomp" in said
    assert "joined" in said
    assert "GAM-05/median" not in said
    assert missing_of(Part(kind="docker", cases=[RAN.case]), Found(ran=[RAN]), 0) == []
    assert missing_of(Part(kind="docker", cases=[RAN.case]), Found(ran=[RAN]), 1)


def test_a_wall_or_rule_that_no_case_defends_is_unproven() -> None:
    assert mutation.wrong("wall", {"nothing": {}, "seccomp": {"ESC-04": ["said"]}}) == []
    assert "seccomp" in mutation.wrong("wall", {"nothing": {}, "seccomp": {}})[0]
    assert "ESC-04" in mutation.wrong("rule", {"nothing": {"ESC-04": ["said"]}})[0]


def test_figures_tell_each_shell_and_what_does_not_apply(tmp_path: Path) -> None:
    path = tmp_path / "attack.json"
    missing = {
        "docker": {"ESC-10": "why", "ESC-08/keeper": "here"},
        "bubblewrap": {"ESC-10": "why"},
    }
    table.keep(path, Found(ran=[RAN]), missing, skipped={}, unproven=[], seconds=3.0)
    kept = json.loads(path.read_text())
    assert kept["unsafe"] == ["docker:GAM-05/median"]
    assert kept["shells"]["docker"]["unsafe"] == ["GAM-05/median"]
    assert (kept["cases"], kept["safe"]) == (1, 0)
    assert kept["not_applicable"] == {"ESC-10": "why", "docker:ESC-08/keeper": "here"}
