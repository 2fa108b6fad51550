"""Pages about the person: settings, language, colours."""

from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from simulator.accounts.asking import signed_in
from simulator.accounts.forms import SettingsForm
from simulator.accounts.models import User
from simulator.accounts.welcoming import WelcomeForm, answered, remember
from simulator.pages import themes

YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "POST"])
@login_required
def settings(request: HttpRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=signed_in(request))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        translation.activate(person.language)
        messages.success(request, _("Saved."))
        return _remember_language(redirect("accounts:settings"), person.language)
    return render(request, "account/settings.html", {"form": form})


@require_http_methods(["GET", "POST"])
@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """Three questions after sign-up; each may be left out, and so may all."""
    person = signed_in(request)
    form = WelcomeForm(request.POST or None, initial=answered(person))
    if request.method == "POST" and form.is_valid():
        remember(person, form)
        return _back(request, otherwise="/quests/")
    following = request.GET.get("next") or request.POST.get("next") or "/quests/"
    ours = url_has_allowed_host_and_scheme(following, allowed_hosts=None)
    context = {"form": form, "next": following if ours else "/quests/"}
    return render(request, "account/welcome.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language and stay on the page."""
    chosen = request.POST.get("language", "")
    answer = _back(request)
    if chosen not in dict(site.LANGUAGES):
        return answer
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return _remember_language(answer, chosen)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Switch between light, dark and the system's colours and stay on the page."""
    chosen = request.POST.get("theme", "")
    answer = _back(request)
    if chosen not in themes.CHOICES:
        return answer
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(theme=chosen)
    answer.set_cookie(themes.COOKIE, chosen, max_age=YEAR, samesite="Lax", httponly=True)
    return answer


def _back(request: HttpRequest, *, otherwise: str = "/") -> HttpResponseRedirect:
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if ours else otherwise)


def _remember_language(answer: HttpResponseRedirect, chosen: str) -> HttpResponseRedirect:
    answer.set_cookie(site.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, samesite="Lax")
    return answer
