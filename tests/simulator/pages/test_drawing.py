"""Drawings are the same every time, and nothing in them breaks a page."""

import re

import pytest
from django.utils import translation

from simulator.pages import charts, maps, portraits, terrain
from simulator.pages.templatetags import pages as tags

STATES = ("passed", "debt", "here", "locked")


def test_a_portrait_belongs_to_its_name() -> None:
    assert portraits.portrait("marina") == portraits.portrait("marina")
    assert len({portraits.portrait(name) for name in ("marina", "gleb", "dina", "lev")}) == 4


def test_a_portrait_without_a_label_is_decoration() -> None:
    assert 'aria-hidden="true"' in portraits.portrait("marina")
    named = portraits.portrait("marina", label='M"><script>')
    assert 'role="img" aria-label="M&quot;&gt;&lt;script&gt;"' in named
    assert "<script>" not in named


def test_the_ground_is_seeded_and_stays_small() -> None:
    ground = terrain.terrain("churn", width=440, height=330)
    terrain.terrain.cache_clear()
    assert terrain.terrain("churn", width=440, height=330) == ground
    assert terrain.terrain("pricing", width=440, height=330) != ground
    assert len(ground.contours) + len(ground.index_contours) < 12_000
    assert all(path.startswith("M") and path.endswith("z") for _, path in ground.tints if path)


@pytest.mark.parametrize("count", [1, 3, 8, 12])
def test_controls_stand_inside_the_picture_from_left_to_right(count: int) -> None:
    found = terrain.stops("churn", count=count, width=440, height=330)
    assert len(found) == count + 1
    assert [x for x, _ in found] == sorted(x for x, _ in found)
    assert all(20 < x < 420 and 20 < y < 310 for x, y in found)


def test_a_map_shows_what_is_walked() -> None:
    drawn = maps.quest_map("churn", STATES)
    assert drawn.count('class="stop done"') == 2
    assert drawn.count('class="stop here"') == 1
    walked, ahead = re.findall(r'class="leg[^"]*" d="([^"]*)"', drawn)
    assert (walked.count("M"), ahead.count("M")) == (3, 1)


def test_names_on_a_map_are_escaped() -> None:
    drawn = maps.wide_map("churn", [("<b>one</b>", "a & b")], "label")
    assert "&lt;b&gt;one&lt;/b&gt;" in drawn
    assert "a &amp; b" in drawn


def bar(**points: tuple[float, float]) -> str:
    return charts.scale_bar(
        [charts.Stretch(group=g, points=p, max_points=m) for g, (p, m) in points.items()]
    )


def test_the_scale_bar_is_100_points_long_and_cut_by_groups() -> None:
    drawn = bar(production=(22, 40), tests=(0, 0), metrics=(10, 10))
    boxes = re.findall(r'class="box" x="([\d.]+)%" y="1" width="([\d.]+)%"', drawn)
    assert boxes == [("0", "80"), ("80", "20")]
    fills = re.findall(r'class="fill" x="([\d.]+)%" y="4" width="([\d.]+)%"', drawn)
    assert fills == [("0", "44"), ("80", "20")]
    assert "Production 22 of 40, Metrics 10 of 10" in drawn


def test_numbers_on_the_scale_never_overlap() -> None:
    drawn = bar(production=(1, 4), tests=(1, 40), metrics=(1, 52), business=(1, 4))
    assert re.findall(r'text-anchor="middle">(\d+)<', drawn) == ["44"]


def test_coordinates_know_no_decimal_comma() -> None:
    with translation.override("ru"):
        drawn = bar(production=(1, 3), tests=(2.5, 3))
        chart = charts.attempts([12.5, None, 70.25], needed=60, here=2)
    for drawing in (drawn, chart):
        numbers = re.findall(r' (?:x|y|cx|cy|width|d)="([^"]*)"', drawing)
        assert numbers
        assert not any("," in number for number in numbers)
    assert "2,5/3" in drawn


def test_attempts_without_a_verdict_leave_a_gap_in_the_chart() -> None:
    drawn = charts.attempts([10, None, 80], needed=60, here=2)
    assert drawn.count("<circle") == 2
    assert charts.attempts([None], needed=60, here=0) == ""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("`a<b`", "<code>a&lt;b</code>"),
        ("<script>`x` & `y`", "&lt;script&gt;<code>x</code> &amp; <code>y</code>"),
    ],
)
def test_backticks_mark_code_and_nothing_else_is_markup(text: str, html: str) -> None:
    assert tags.plain_code(text) == html


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("en", 0.41, "0.4\u00a0s"),
        ("ru", 0.41, "0,4\u00a0с"),
        ("en", 36.2, "36\u00a0s"),
        ("ru", 600.0, "10\u00a0мин"),
        ("en", None, "–"),
    ],
)
def test_spans_of_time_read_like_a_person_says_them(
    language: str, value: float | None, text: str
) -> None:
    with translation.override(language):
        assert tags.seconds(value) == text


def test_numbers_are_grouped_by_the_language() -> None:
    with translation.override("ru"):
        assert tags.thousands(1234567) == "1\u00a0234\u00a0567"
        assert tags.minutes(80) == "1\u00a0ч 20\u00a0мин"
    with translation.override("en"):
        assert tags.thousands(1234567) == "1,234,567"
    assert (tags.signed(9), tags.signed(-4.5), tags.signed(0)) == ("+9", "−4.5", "±0")
