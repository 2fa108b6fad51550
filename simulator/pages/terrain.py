"""The ground under a route: a seeded sum of hills, drawn as contours. Level sets, as of a loss."""

import functools
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

STEP: Final = 10  # pixels between two nodes of the grid
MARGIN: Final = 20  # drawn outside the picture, so that no contour ends inside it
LEVELS: Final = tuple(level / 10 for level in range(1, 10))
INDEX: Final = (0.2, 0.6)  # each fourth line is heavier
TINTS: Final = ((0.1, "land-1"), (0.3, "land-2"), (0.6, "land-3"))
SHORTEST: Final = 5  # points; anything smaller is dust

Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True, kw_only=True)
class Terrain:
    """Paths of one ground, as the `d` attributes of an SVG."""

    tints: tuple[tuple[str, str], ...]  # class and path, low to high
    contours: str
    index_contours: str


@dataclass(frozen=True, kw_only=True)
class _Hill:
    x: float
    y: float
    wide: float
    tall: float
    height: float


@functools.lru_cache(maxsize=256)
def terrain(seed: str, *, width: int, height: int) -> Terrain:
    """The ground of that seed and size: the same picture every time."""
    grid = _heights(seed, width, height)
    lines = {level: list(_lines(grid, level)) for level in LEVELS}
    return Terrain(
        tints=tuple((name, _path(lines[level], closed=True)) for level, name in TINTS),
        contours=_path(line for level in LEVELS if level not in INDEX for line in lines[level]),
        index_contours=_path(line for level in INDEX for line in lines[level]),
    )


def stops(seed: str, *, count: int, width: int, height: int) -> tuple[Point, ...]:
    """Where the controls of a route lie: left to right, up and down, never on the edge."""
    dice = random.Random(f"route {seed}")  # noqa: S311, a drawing
    across = (width - 120) / max(count, 1)
    found = []
    for number in range(count + 1):
        high = 0.3 if number % 2 else 0.68
        swing = dice.uniform(-0.09, 0.09)
        found.append((round(52 + across * number), round(height * (high + swing))))
    return tuple(found)


def _heights(seed: str, width: int, height: int) -> list[list[float]]:
    """Heights from 0 to 1 at the nodes; the rim is low, so that every line closes."""
    dice = random.Random(f"terrain {seed}")  # noqa: S311, a drawing
    hills = [
        _Hill(
            x=dice.uniform(0, width),
            y=dice.uniform(0, height),
            wide=dice.uniform(0.10, 0.22) * max(width * 0.6, height),
            tall=dice.uniform(0.16, 0.34) * height,
            height=dice.uniform(0.5, 1.0),
        )
        for _ in range(5 + width // 160)
    ]
    across = range(-MARGIN, width + MARGIN + 1, STEP)
    down = range(-MARGIN, height + MARGIN + 1, STEP)
    rows = [[sum(_rise(hill, x, y) for hill in hills) for x in across] for y in down]
    top = max(max(row) for row in rows)
    return [
        [
            0.0 if edge_y or edge_x in (0, len(row) - 1) else value / top
            for edge_x, value in enumerate(row)
        ]
        for edge_y, row in ((number in (0, len(rows) - 1), row) for number, row in enumerate(rows))
    ]


def _rise(hill: _Hill, x: float, y: float) -> float:
    return hill.height * math.exp(
        -(((x - hill.x) / hill.wide) ** 2) - ((y - hill.y) / hill.tall) ** 2
    )


def _lines(grid: list[list[float]], level: float) -> Iterator[list[Point]]:
    """The closed lines of one level: segments of marching squares, joined end to end."""
    ahead: dict[Point, list[Point]] = {}
    for start, end in _segments(grid, level):
        ahead.setdefault(start, []).append(end)
    while ahead:
        start = next(iter(ahead))
        line = [start]
        while (ends := ahead.get(line[-1])) is not None:
            line.append(ends.pop())
            if not ends:
                del ahead[line[-2]]
        if len(line) >= SHORTEST:
            yield line


def _segments(grid: list[list[float]], level: float) -> Iterator[Segment]:
    for j in range(len(grid) - 1):
        for i in range(len(grid[0]) - 1):
            corners = (grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i])
            case = sum(1 << k for k, value in enumerate(corners) if value > level)
            if case in (0, 15):
                continue
            edges = _edges(i, j, corners, level)
            for start, end in _CASES[case]:
                yield edges[start], edges[end]


# Which edges (0 top, 1 right, 2 bottom, 3 left) a line joins, high ground on its right.
_CASES: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),),
    7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),),
    13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


def _edges(
    i: int, j: int, corners: tuple[float, float, float, float], level: float
) -> dict[int, Point]:
    """Where the level crosses the edges of a square, in pixels, rounded so that ends meet."""
    left, top = i * STEP - MARGIN, j * STEP - MARGIN
    a, b, c, d = corners

    def along(low: float, high: float) -> float:
        return STEP * (level - low) / (high - low) if high != low else 0.0

    return {
        0: (round(left + along(a, b), 1), float(top)),
        1: (float(left + STEP), round(top + along(b, c), 1)),
        2: (round(left + along(d, c), 1), float(top + STEP)),
        3: (float(left), round(top + along(a, d), 1)),
    }


def _path(lines: Iterable[list[Point]], *, closed: bool = False) -> str:
    return "".join(_smooth(line, closed=closed) for line in lines)


def _smooth(line: list[Point], *, closed: bool) -> str:
    """A quadratic curve through the middles of every other segment: half the bytes, no corners."""
    kept = line[::2] if len(line) > 2 * SHORTEST else line
    ring = kept[:-1] if kept[0] == kept[-1] else kept
    middles = [
        ((x + u) / 2, (y + v) / 2)
        for (x, y), (u, v) in zip(ring, ring[1:] + ring[:1], strict=True)
    ]
    x, y = (round(value) for value in middles[-1])
    parts = [f"M{x} {y}"]
    for corner, middle in zip(ring, middles, strict=True):
        cx, cy, mx, my = (round(value) for value in (*corner, *middle))
        parts.append(f"q{cx - x} {cy - y} {mx - x} {my - y}")
        x, y = mx, my
    return "".join(parts).replace(" -", "-") + ("z" if closed else "")
