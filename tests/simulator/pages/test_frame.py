"""The frame of every page: language, colours, errors, the policy."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from simulator.accounts.models import User
from tests.simulator.pages.conftest import browser_of

pytestmark = pytest.mark.django_db

OPEN_PAGES = (
    "/",
    "/quests/",
    "/quests/?industry=testing&sort=shortest",
    "/quests/toy/",
    "/quests/toy/lessons/",
    "/quests/toy/lessons/adding/",
    "/help/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("address", OPEN_PAGES)
def test_open_pages_answer_anybody_in_both_languages(address: str, language: str) -> None:
    answer = Client(headers={"Accept-Language": language}).get(address)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in text
    assert text.count("<h1") == 1
    assert text.count('role="status"') == 1
    assert text.index('class="skip"') < text.index("<header")
    assert "'unsafe" not in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_word_between_double_braces_never_reaches_a_reader(browser: Client) -> None:
    for address in (*OPEN_PAGES, "/work/", "/accounts/settings/"):
        text = browser.get(address).content.decode()
        assert not re.search(r"{[{%]|[%}]}", text), address


def test_the_language_switch_keeps_the_page(owner: User) -> None:
    client = browser_of(owner)
    here = "/quests/?level=easy&sort=shortest"
    answer = client.post("/accounts/language/", {"language": "ru", "next": here})
    assert (answer.status_code, answer["Location"]) == (302, here)
    assert '<html lang="ru"' in client.get(here).content.decode()
    owner.refresh_from_db()
    assert owner.language == "ru"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_switch_never_leads_elsewhere(target: str) -> None:
    answer = Client().post("/accounts/language/", {"language": "ru", "next": target})
    assert answer["Location"] == "/"


def test_an_unknown_language_changes_nothing() -> None:
    answer = Client().post("/accounts/language/", {"language": "xx", "next": "/help/"})
    assert not answer.cookies


def test_colours_are_chosen_without_an_account_and_with_one(owner: User) -> None:
    visitor = Client()
    visitor.post("/accounts/theme/", {"theme": "dark", "next": "/help/"})
    assert 'data-theme="dark"' in visitor.get("/help/").content.decode()
    member = browser_of(owner)
    member.post("/accounts/theme/", {"theme": "light"})
    owner.refresh_from_db()
    assert owner.theme == "light"
    assert 'data-theme="light"' in member.get("/help/").content.decode()


def test_a_forged_theme_never_reaches_the_page() -> None:
    visitor = Client()
    visitor.cookies["theme"] = '"><script>'
    assert "data-theme=" not in visitor.get("/help/").content.decode()


def test_settings_are_kept(browser: Client, owner: User) -> None:
    given = {"language": "ru", "theme": "dark", "plain_editor": "on", "first_name": "Ада"}
    answer = browser.post("/accounts/settings/", given)
    assert answer.status_code == 302
    owner.refresh_from_db()
    assert (owner.first_name, owner.plain_editor) == ("Ада", True)
    assert answer.cookies["django_language"].value == "ru"


@pytest.mark.parametrize(
    "address", ["/nowhere/", "/quests/none/", "/quests/toy/lessons/none/", "/quests/toy/none/x"]
)
def test_what_is_not_there_is_said_without_a_stack(address: str, browser: Client) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert "not on the map" in answer.content.decode()


def test_a_crash_says_nothing_about_itself(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DEBUG = False

    def fall(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("simulator.progress.views.shelf", fall)
    answer = Client(raise_request_exception=False).get("/quests/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "a secret of ours" not in text
    assert "Traceback" not in text
    assert "safe" in text


def test_a_form_without_its_token_is_refused_in_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "expired" in answer.content.decode()


@pytest.mark.parametrize("address", ["/work/", "/accounts/settings/", "/cohorts/", "/cohorts/1/"])
def test_pages_about_a_person_ask_who_it_is(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_a_password_opens_the_site(owner: User) -> None:
    client = Client()
    answer = client.post(
        "/accounts/login/", {"login": "owner", "password": "owner-password", "next": "/work/"}
    )
    assert answer["Location"] == "/work/"
    assert client.get("/work/").status_code == 200


def test_anybody_may_sign_up() -> None:
    client = Client()
    form = {"username": "newcomer", "email": "new@example.org", "password1": "a long enough one"}
    client.post("/accounts/signup/", form)
    assert User.objects.filter(username="newcomer").exists()
