"""What a visitor tried moves into the account they create or sign in to."""

from typing import Final

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth import get_user
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from simulator.accounts.models import User
from simulator.attempts.models import Grading
from simulator.catalog.models import Enrolment

LEFT: Final = "left_behind"  # in the session: the enrolment that did not fit into the account


def adopt(visitor: User, user: User) -> Enrolment | None:
    """Give the visitor's quests to the user; gives back one that the user plays already.

    That one stays as it is, so that neither project is written over.
    """
    with transaction.atomic():
        theirs = Enrolment.objects.filter(learner=user).values("quest")
        moving = [*Enrolment.objects.filter(learner=visitor).exclude(quest__in=theirs)]
        ids = [enrolment.pk for enrolment in moving]
        Grading.objects.filter(attempt__enrolment__in=ids).update(learner=user)
        Enrolment.objects.filter(pk__in=ids).update(learner=user)
        left = Enrolment.objects.filter(learner=visitor).first()
        if left is None:
            visitor.delete()
        return left


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """How allauth signs people in here: with what they tried as visitors."""

    def login(self, request: HttpRequest, user: User) -> None:
        before = get_user(request)  # of the session: the request itself was taken for a stranger's
        super().login(request, user)
        if not (isinstance(before, User) and before.on_trial and before.pk != user.pk):
            return
        left = adopt(before, user)
        if left is None:
            messages.success(request, _("What you tried is in your account now."))
            return
        request.session[LEFT] = left.pk
        messages.warning(
            request,
            _(
                "You play this quest already, so your project stays as it was. What you tried as "
                "a visitor can be downloaded under My work for seven days."
            ),
        )

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """First the three questions, then wherever someone wanted to go."""
        following = request.POST.get("next") or request.GET.get("next") or reverse("progress:work")
        return f"{reverse('accounts:welcome')}?{urlencode({'next': following})}"
