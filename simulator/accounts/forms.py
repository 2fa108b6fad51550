"""What a person may change about themselves."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from simulator.accounts.models import User


class SettingsForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields: ClassVar = [
            "first_name",
            "last_name",
            "email",
            "language",
            "theme",
            "plain_editor",
        ]
        labels: ClassVar = {
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "email": _("E-mail"),
            "language": _("Language"),
            "theme": _("Colours"),
            "plain_editor": _("A plain text area instead of the editor"),
        }
        help_texts: ClassVar = {
            "plain_editor": _("Simpler with a screen reader or a switch, and on a phone."),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["theme"].widget = forms.Select(
            choices=[("system", _("as the system")), ("light", _("light")), ("dark", _("dark"))]
        )
