"""The three questions after sign-up: they suggest a first quest and lock nothing."""

from typing import Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from simulator.accounts.models import User

CRAFTS: Final[dict[str, Promise]] = {
    "ds": _("data scientist"),
    "mle": _("ML engineer"),
    "analyst": _("analyst"),
    "student": _("student"),
    "other": _("something else"),
}
COMFORT: Final[dict[str, Promise]] = {
    "1": _("new to it"),
    "2": _("at work, with documentation"),
    "3": _("at home in it"),
}
TOPICS: Final = ("python", "sql", "deployment")
MOST_SESSIONS: Final = 7


class WelcomeForm(forms.Form):
    """Every answer may be left out."""

    craft = forms.ChoiceField(
        label=_("What are you?"), required=False, choices=[("", "–"), *CRAFTS.items()]
    )
    python = forms.ChoiceField(
        label=_("Python"), required=False, choices=[("", "–"), *COMFORT.items()]
    )
    sql = forms.ChoiceField(label=_("SQL"), required=False, choices=[("", "–"), *COMFORT.items()])
    deployment = forms.ChoiceField(
        label=_("Deployment"), required=False, choices=[("", "–"), *COMFORT.items()]
    )
    weekly_sessions = forms.IntegerField(
        label=_("Sessions a week that you can spare"),
        required=False,
        min_value=1,
        max_value=MOST_SESSIONS,
        help_text=_("A goal for yourself: a missed week leaves a gap and resets nothing."),
    )


def remember(user: User, form: WelcomeForm) -> None:
    """Keep what was answered."""
    given = form.cleaned_data
    User.objects.filter(pk=user.pk).update(
        craft=given["craft"],
        comfort={topic: int(given[topic]) for topic in TOPICS if given[topic]},
        weekly_sessions=given["weekly_sessions"],
    )


def answered(user: User) -> dict[str, object]:
    """The answers so far, as the form takes them."""
    return {
        "craft": user.craft,
        "weekly_sessions": user.weekly_sessions,
        **{topic: str(level) for topic, level in user.comfort.items()},
    }
