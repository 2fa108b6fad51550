"""What a cohort's forms may say; times are read in the cohort's own zone."""

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from simulator.cohorts.models import Cohort, Deadline

LOCAL = "%Y-%m-%dT%H:%M"


class CohortForm(forms.ModelForm[Cohort]):
    class Meta:
        model = Cohort
        fields: ClassVar = ["name", "zone", "compares", "keeps_days"]
        labels: ClassVar = {
            "name": _("Name"),
            "zone": _("Time zone of the dates"),
            "compares": _("Works may be compared for similarity"),
            "keeps_days": _("Days to keep the log of looks and opened pages"),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("name", "zone", "keeps_days"):
            self.fields[name].widget.attrs["class"] = "input"
        self.fields["zone"].widget.attrs["list"] = "zones"

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("Choose a zone such as Europe/Moscow."))
        return zone


class DatesForm(forms.Form):
    opens_at = forms.DateTimeField(required=False, input_formats=[LOCAL])
    due_at = forms.DateTimeField(required=False, input_formats=[LOCAL])
    closes_at = forms.DateTimeField(required=False, input_formats=[LOCAL])
    daily_loss = forms.IntegerField(min_value=0, max_value=100, required=False)
    least_credit = forms.IntegerField(min_value=0, max_value=100, required=False)

    def facts(self, zone: str) -> dict[str, datetime | int | None]:
        """The columns of a deadline."""
        given = self.cleaned_data
        return {
            **{name: in_zone(given[name], zone) for name in ("opens_at", "due_at", "closes_at")},
            "daily_loss": given["daily_loss"] or 0,
            "least_credit": given["least_credit"] or 0,
        }

    def clean(self) -> None:
        given = [self.cleaned_data.get(name) for name in ("opens_at", "due_at", "closes_at")]
        dates = [one for one in given if one is not None]
        if dates != sorted(dates):
            raise forms.ValidationError(
                _("A stage opens before it is due, and is due before it closes.")
            )


def in_zone(at: datetime | None, zone: str) -> datetime | None:
    """The time that a clock in that zone shows; Django read it as one of the site's own."""
    return None if at is None else at.replace(tzinfo=ZoneInfo(zone))


def local(deadline: Deadline | None, name: str, zone: str) -> str:
    """A deadline's time as its field begins."""
    at = getattr(deadline, name) if deadline else None
    return at.astimezone(ZoneInfo(zone)).strftime(LOCAL) if at else ""
