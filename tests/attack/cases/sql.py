"""Cases."""

from typing import Final

from tests.attack.case import Case

CASES: Final[tuple[Case, ...]] = ()
