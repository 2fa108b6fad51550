"""What a quest's slugs are called on a page."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from graders.quest import Difficulty, StageKind, Status

DOMAINS: Final[dict[str, Promise]] = {
    "education": _("Education"),
    "transport": _("Transport"),
    "retail": _("Retail and marketplaces"),
    "media": _("Media"),
    "payments": _("Payments"),
    "games": _("Games"),
}
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
    "uplift": _("uplift"),
    "point-in-time-features": _("features without looking ahead"),
    "pandas-groupby": _("pandas: groupby, merge"),
    "sql-joins": _("SQL: joins"),
    "window-functions": _("SQL: window functions"),
    "logistic-regression": _("logistic regression"),
    "calibration": _("calibration"),
    "baselines": _("baselines"),
    "business-metrics": _("metrics in money"),
    "clickhouse-sql": _("ClickHouse SQL"),
    "churn": _("churn"),
    "leakage": _("leakage"),
    "ab-testing": _("A/B tests"),
}


def domain(slug: str) -> str:
    return str(DOMAINS.get(slug, _readable(slug).capitalize()))


def skill(slug: str) -> str:
    return str(SKILLS.get(slug, _readable(slug)))


def _readable(slug: str) -> str:
    return slug.replace("-", " ").replace("_", " ")
