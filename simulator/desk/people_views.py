"""The people of a cohort: learners, invitations, staff."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.cohorts import inviting
from simulator.cohorts.models import Cohort, Invitation, Membership, Staff
from simulator.cohorts.teaching import Role, find_cohort, find_member, frame

MOST_BYTES = 500_000


@require_safe
@login_required
def people(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    members = cohort.memberships.select_related("learner")
    open_ = cohort.invitations.filter(expires_at__gt=timezone.now(), uses_left__gt=0)
    context = frame(request.user, cohort) | {
        "members": sorted(members, key=lambda one: one.learner.username),
        "links": [(one, _address(request, one)) for one in open_],
        "staff": cohort.staff.select_related("user"),
        "roles": Role.values,
    }
    return render(request, "desk/people.html", context)


@require_POST
@login_required
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """A link for anybody, or one for every line of a list."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    author = signed_in(request)
    upload = request.FILES.get("list")
    text = request.POST.get("lines", "")
    if upload is not None:
        text = upload.read(MOST_BYTES).decode("utf-8", errors="replace")
    if not text.strip():
        inviting.invite(cohort, author=author, group=request.POST.get("group", ""))
        return redirect("desk:people", pk)
    found = inviting.invite_list(cohort, text, author=author)
    messages.success(
        request,
        ngettext(
            "%(count)d link is ready to be sent.", "%(count)d links are ready to be sent.",
            found.invited,
        ) % {"count": found.invited},
    )  # fmt: skip
    for line, said in found.unreadable[:5]:
        messages.warning(
            request,
            _("Line %(line)d holds no e-mail address: %(said)s") % {"line": line, "said": said},
        )
    return redirect("desk:people", pk)


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link useless."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    Invitation.objects.filter(cohort=cohort, pk=_number(request, "invitation")).update(uses_left=0)
    return redirect("desk:people", pk)


@require_POST
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another group for a learner, or out of the cohort."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    member = find_member(cohort, _number(request, "learner"))
    if request.POST.get("remove"):
        inviting.leave(cohort, member.learner)
    else:
        group = request.POST.get("group", "").strip()[: inviting.LONGEST_GROUP]
        Membership.objects.filter(pk=member.pk).update(group=group)
    return redirect("desk:people", pk)


@require_POST
@login_required
def staff(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a colleague, change a role, or take one out; an owner always stays."""
    cohort = find_cohort(request.user, pk, least=Role.OWNER)
    name, role = request.POST.get("name", "").strip(), request.POST.get("role", "")
    found = User.objects.filter(Q(username=name) | Q(email__iexact=name), is_active=True)
    person = next((one for one in found if one.teaches), None)
    if person is None:
        messages.error(
            request,
            _("No instructor of that name is here; an operator makes someone an instructor."),
        )
    elif not _may_change(cohort, person, role):
        messages.error(request, _("A cohort keeps at least one owner."))
    elif role in Role.values:
        Staff.objects.update_or_create(cohort=cohort, user=person, defaults={"role": role})
    else:
        Staff.objects.filter(cohort=cohort, user=person).delete()
    return redirect("desk:people", pk)


def _may_change(cohort: Cohort, person: User, role: str) -> bool:
    owners = Staff.objects.filter(cohort=cohort, role=Role.OWNER).exclude(user=person)
    return role == Role.OWNER or owners.exists()


def _address(request: HttpRequest, invitation: Invitation) -> str:
    return request.build_absolute_uri(f"/join/{invitation.token}/")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() else 0
