"""What a quest's slugs are called on a page."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from graders.quest import Difficulty, StageKind, Status

DIFFICULTIES: Final[dict[str, Promise]] = {
    Difficulty.EASY: _("gentle"),
    Difficulty.MEDIUM: _("medium"),
    Difficulty.HARD: _("hard"),
}
KINDS: Final[dict[str, Promise]] = {
    StageKind.SQL: _("SQL"),
    StageKind.CODE: _("Python package"),
    StageKind.DOCUMENT: _("document"),
    StageKind.PLAN: _("plan"),
    StageKind.DECISION: _("decision"),
    StageKind.SERVICE: _("service"),
    StageKind.ROLLOUT: _("rollout"),
}
STATUSES: Final[dict[str, Promise]] = {
    Status.WIP: _("draft"),
    Status.BETA: _("beta"),
    Status.DEPRECATED: _("retired"),
}
SKILLS: Final[dict[str, Promise]] = {
    "pandas-groupby": _("pandas: groupby, merge"),
    "sql-joins": _("SQL: joins"),
    "window-functions": _("SQL: window functions"),
    "logistic-regression": _("logistic regression"),
    "point-in-time-features": _("features without looking ahead"),
    "deduplication": _("deduplication"),
    "time-zones": _("time zones"),
    "baselines": _("baselines"),
    "expected-value": _("expected value"),
    "off-policy-evaluation": _("off-policy evaluation"),
    "calibration": _("calibration"),
    "out-of-time-validation": _("out-of-time validation"),
    "reproducibility": _("reproducibility"),
    "uplift": _("uplift"),
    "ab-testing": _("A/B tests"),
    "leakage": _("leakage"),
    "regular-expressions": _("regular expressions"),
    "text-normalisation": _("normalising texts"),
    "blocking": _("blocking: which pairs to compare at all"),
    "cost-of-errors": _("what each error costs"),
    "grouped-validation": _("validation by groups"),
    "estimator-contract": _("the contract of an estimator"),
}


def skill(slug: str) -> str:
    """What a skill is called; its slug with spaces when we have no word for it."""
    return str(SKILLS.get(slug, slug.replace("-", " ")))
