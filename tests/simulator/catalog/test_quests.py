"""The quests of the site: loaded once, kept by digest, shown as clean HTML."""

import shutil

import pytest
from pytest_django import Settings

from graders.quest import Quest
from simulator.catalog import quests
from simulator.catalog.markdown import DEEPEST, render
from simulator.catalog.models import KeptQuest
from simulator.catalog.numbers import UnknownNumber, with_numbers


def test_a_quest_is_found_by_its_name(toy: Quest) -> None:
    assert quests.get_quest("toy") is toy
    with pytest.raises(quests.NoSuchQuest):
        quests.get_quest("nowhere")


def test_a_quest_that_is_not_well_formed_is_left_out(
    toy: Quest, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    folder = settings.QUESTS_DIR / "bad"
    folder.mkdir()
    (folder / "quest.yaml").write_text("slug: bad\n")
    assert [quest.slug for quest in quests.all_quests()] == ["toy"]
    assert "bad is left out" in caplog.text


def test_a_changed_quest_is_read_again_only_while_authors_work(
    toy: Quest, settings: Settings
) -> None:
    (toy.folder / "story.en.md").write_text("New.\n")
    assert quests.get_quest("toy").digest == toy.digest
    settings.DEBUG = True
    assert quests.get_quest("toy").digest != toy.digest


@pytest.mark.django_db
def test_a_kept_quest_is_the_same_and_is_checked(toy: Quest, settings: Settings) -> None:
    quests.keep(toy)
    quests.keep(toy)
    kept = quests.kept("toy", digest=toy.digest)
    assert kept.model_dump(exclude={"folder"}) == toy.model_dump(exclude={"folder"})
    assert kept.folder.is_relative_to(settings.SIM_HOME)


@pytest.mark.django_db
def test_a_host_without_the_copy_unpacks_it_from_the_database(
    toy: Quest, settings: Settings
) -> None:
    quests.keep(toy)
    shutil.rmtree(settings.SIM_HOME / "quests")
    assert quests.kept("toy", digest=toy.digest).digest == toy.digest
    KeptQuest.objects.update(archive=b"no archive")
    shutil.rmtree(settings.SIM_HOME / "quests")
    quests._kept.cache_clear()
    with pytest.raises(quests.NoSuchQuest):
        quests.kept("toy", digest=toy.digest)


@pytest.mark.django_db
def test_a_kept_quest_that_was_tampered_with_is_refused(toy: Quest) -> None:
    quests.keep(toy)
    folder = quests._kept_folder("toy", toy.digest)
    (folder / "story.en.md").write_text("Forged.\n")
    with pytest.raises(quests.NoSuchQuest):
        quests.kept("toy", digest=toy.digest)


def test_a_brief_fills_in_the_numbers_of_its_language(toy: Quest) -> None:
    english = quests.brief_html(toy, toy.stages[0], "en")
    russian = quests.brief_html(toy, toy.stages[0], "ru")
    assert "12,345 rows" in english
    assert "12.5&nbsp;%" in english
    assert "12,5&nbsp;%" in russian


def test_a_number_that_nobody_wrote_down_is_no_hole_in_the_text(toy: Quest) -> None:
    with pytest.raises(UnknownNumber, match="nowhere"):
        with_numbers("{{ nowhere.at_all }}", toy, "en")


def test_raw_html_of_a_text_is_text(toy: Quest) -> None:
    brief = quests.brief_html(toy, toy.stages[0], "en")
    assert "<script>" not in brief
    assert "&lt;script&gt;" in brief
    assert "<h1>" not in brief


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("[a](javascript:alert(1))", "href"),
        ("[a](data:text/html,x)", "href"),
        ("![a](https://elsewhere.example/beacon.png)", "<img"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ('<a href="//evil" onclick="x()">a</a>', "<a"),
        ("```html\n<script>alert(1)</script>\n```", "<script"),
    ],
)
def test_a_text_cannot_act(text: str, never: str) -> None:
    assert never not in render(text)


def test_links_code_and_tables_stay() -> None:
    html = render("[a](https://example.org) `code`\n\n|a|\n|-|\n|1|\n\n```python\nx\n```\n")
    assert 'href="https://example.org" rel="noopener noreferrer"' in html
    assert '<table tabindex="0">' in html  # it scrolls, also for those without a mouse
    assert '<code class="language-python">' in html


def test_a_deeply_nested_text_ends() -> None:
    assert render("> " * 50 * DEEPEST + "deep").count("<blockquote>") <= DEEPEST


def test_stories_lessons_and_hints_are_shown(toy: Quest) -> None:
    assert "<em>upon</em>" in quests.story_html(toy, "en")
    assert "Adding" in quests.lesson_html(toy, "adding", "ru")
    found = quests.hints(toy, toy.stages[0], "en")
    assert [(hint.title, hint.body) for hint in found] == [
        ("H1", "<p>Look.</p>\n"),
        ("H2", "<p>Read.</p>\n"),
    ]
    assert quests.hints(toy, toy.stages[1], "en") == ()


@pytest.mark.parametrize("slug", ["nothing", "../story", "../../toy/story", ""])
def test_a_lesson_that_the_quest_does_not_have_is_absent(toy: Quest, slug: str) -> None:
    with pytest.raises(quests.NoSuchQuest):
        quests.lesson_html(toy, slug, "en")


def test_the_quests_of_this_repository_load(settings: Settings) -> None:
    settings.QUESTS_DIR = settings.BASE_DIR / "quests"
    found = quests.all_quests()
    assert found
    for quest in found:
        for language in ("en", "ru"):
            assert quests.story_html(quest, language)
