"""What two works share is found wherever it stands; what is given or common is not shown."""

import random

import pytest

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.cohorts.models import Cohort, Membership
from simulator.similarity.comparing import similar
from simulator.similarity.winnowing import GUARANTEED, fingerprints
from tests.simulator.conftest import HandIn
from tests.simulator.toy_quest import STARTER, reread

ODD = '''
def keep(rows, limit=7):
    """Mine."""
    kept = []
    for number, row in enumerate(rows):
        if row.get("price", 0) * 3 > limit and number % 4 == 0:
            kept.append((row["price"], number - 2))
    total = sum(value for value, _ in kept)
    return sorted(kept, key=lambda pair: pair[0] - total / 3)
'''


def digests(text: str) -> set[int]:
    return {one.digest for one in fingerprints(text)}


def test_renaming_layout_and_comments_hide_nothing() -> None:
    other = ODD.replace("kept", "stays").replace("rows", "lines").replace("    #", "#")
    other = "\n\n# a comment\n" + other.replace("total", "everything").replace("7", "99")
    assert digests(ODD) == digests(other)
    assert digests(ODD)


def test_every_run_of_the_guaranteed_length_is_found() -> None:
    rng = random.Random(3)  # noqa: S311
    for _ in range(20):
        shared = " ".join(rng.choice("+-*/%<>=&|") for _ in range(GUARANTEED))
        sides = [" ".join(rng.choice("()[]{},:") for _ in range(60)) for _ in range(4)]
        left, right = f"{sides[0]} {shared} {sides[1]}", f"{sides[2]} {shared} {sides[3]}"
        assert digests(left) & digests(right)


def test_short_texts_say_nothing_and_hostile_ones_take_no_time() -> None:
    assert fingerprints("x = 1\n") == []
    assert fingerprints("'" * 200_000) is not None
    assert fingerprints('"""' + "\\" * 100_000) is not None


@pytest.mark.django_db
def test_two_who_share_an_odd_fragment_stand_together(
    cohort: Cohort, toy: Quest, hand_in: HandIn, owner: User, colleague: User
) -> None:
    (toy.folder / "reference" / "app").mkdir(parents=True)
    (toy.folder / "reference" / "app" / "model.py").write_text(
        "def add(a, b):\n    return a + b\n"
    )
    toy = reread()
    third = User.objects.create_user("third")
    Membership.objects.create(cohort=cohort, learner=third)
    for person, text in ((owner, ODD), (colleague, ODD.replace("kept", "x")), (third, "x = 1\n")):
        hand_in(by=drafts.enrol(person, "toy"), files={**STARTER, "app/odd.py": text.encode()})
    found = similar(cohort, toy, "features")
    assert found.works == 3
    (pair,) = found.pairs
    names = {pair.left.enrolment.learner.username, pair.right.enrolment.learner.username}
    assert names == {"owner", "colleague"}
    assert pair.lines >= 8
    assert pair.rarest == 2


@pytest.mark.django_db
def test_what_the_starter_holds_is_nobodys_copy(
    cohort: Cohort, toy: Quest, hand_in: HandIn, owner: User, colleague: User
) -> None:
    for place in ("reference", "starter"):
        (toy.folder / place / "app").mkdir(parents=True, exist_ok=True)
        (toy.folder / place / "app" / "odd.py").write_text(ODD)
    toy = reread()
    for person in (owner, colleague):
        hand_in(by=drafts.enrol(person, "toy"), files={**STARTER, "app/odd.py": ODD.encode()})
    found = similar(cohort, toy, "features")
    assert found.pairs == []
    assert found.too_small
