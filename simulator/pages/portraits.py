"""Portraits of the people in a story, drawn by seed: no face, so nobody grins at a failure."""

import hashlib
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

GROUNDS: Final = ("#cfe1ea", "#f3dc9b", "#d9e2c3", "#ead3bd", "#c9d3cf")
CLOTHS: Final = ("#843f70", "#33423c", "#8a4b10", "#165a91", "#586012")
SKINS: Final = ("#f0cda6", "#d9a470", "#a96e45", "#74482a")
HAIRS: Final = ("#5b3a22", "#1d2421", "#b9772a", "#b6b4a8")
SHOULDERS: Final = (
    "M5 64a27 24 0 0 1 54 0z",
    "M5 64l11-23h32l11 23z",
    "M10 64V51a11 11 0 0 1 11-11h22a11 11 0 0 1 11 11v13z",
)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A piece of hair: what is seen behind the head and in front of it."""

    behind: str = ""
    front: str = ""


CUTS: Final = (
    Cut(behind="M16 31a16 17 0 0 1 32 0v13H16z"),
    Cut(front="M19 13h26v11H19z"),
    Cut(behind="M32 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14z", front="M18.5 27a13.5 13.5 0 0 1 27 0z"),
    Cut(front="M18.5 26a13.5 13 0 0 1 27 0z"),
    Cut(front="M18.5 30c-1-20 28-20 27-3l-14-4z"),
    Cut(behind="M14 27a18 18 0 0 1 36 0 18 18 0 0 1-36 0z"),
)


def portrait(seed: str, *, label: str = "", small: bool = False) -> SafeString:
    """The person of that seed as inline SVG; without a label it is decoration."""
    digest = hashlib.sha256(seed.encode()).digest()
    cut = CUTS[digest[0] % len(CUTS)]
    hair = HAIRS[digest[1] % len(HAIRS)]
    shapes = (
        (GROUNDS[digest[2] % len(GROUNDS)], "M0 0h64v64H0z"),
        (hair, cut.behind),
        (CLOTHS[digest[3] % len(CLOTHS)], SHOULDERS[digest[4] % len(SHOULDERS)]),
        (SKINS[digest[5] % len(SKINS)], "M20 28a12 12 0 1 1 24 0 12 12 0 0 1-24 0z"),
        (hair, cut.front),
    )
    drawn = "".join(f'<path fill="{paint}" d="{line}"/>' for paint, line in shapes if line)
    return format_html(
        '<svg class="portrait{}" viewBox="0 0 64 64"{}>{}</svg>',
        " portrait--small" if small else "",
        format_html(' role="img" aria-label="{}"', label)
        if label
        else mark_safe(' aria-hidden="true"'),
        mark_safe(drawn),  # noqa: S308, our own constants
    )
