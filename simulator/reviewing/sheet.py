"""The two panes of a review: the files with their comments, and the report beside them."""

import fnmatch
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from graders.quest import Stage
from simulator.attempts.delivering import files_of
from simulator.attempts.models import Attempt
from simulator.catalog.markdown import render
from simulator.reviewing.models import Comment

MOST_LINES = 2000
AROUND = 2  # lines shown around a comment in the learner's view


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a file, and the comments that end there."""

    number: int
    text: str
    marked: bool  # inside a comment's range
    comments: Sequence["Shown"]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A comment ready for a page."""

    comment: Comment
    html: SafeString
    excerpt: Sequence[tuple[int, str]] = ()

    @property
    def draft(self) -> bool:
        return self.comment.published_at is None


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of the work; those the stage is about are open."""

    path: str
    lines: Sequence[Line]
    open: bool
    cut: bool  # too long to be shown whole
    comments: int


def files(attempt: Attempt, stage: Stage, comments: Sequence[Comment]) -> list[File]:
    """The files of an attempt: those of its stage first."""
    by_path: dict[str, list[Comment]] = defaultdict(list)
    for comment in comments:
        by_path[comment.path].append(comment)
    found = [
        _file(path, body, by_path.get(path, ()), stage) for path, body in files_of(attempt).items()
    ]
    return sorted(found, key=lambda one: (not one.open, one.path))


def shown(comments: Sequence[Comment], contents: Mapping[str, bytes] | None = None) -> list[Shown]:
    """Comments as a page shows them; with `contents`, beside the lines they speak of."""
    return [
        Shown(
            comment=comment,
            html=render(comment.text),
            excerpt=_excerpt(comment, contents or {}),
        )
        for comment in comments
    ]


def _file(path: str, body: bytes, comments: Sequence[Comment], stage: Stage) -> File:
    lines = body.decode("utf-8", errors="replace").splitlines()
    ending: dict[int, list[Comment]] = defaultdict(list)
    marked: set[int] = set()
    for comment in comments:
        if comment.first_line and comment.last_line:
            ending[min(comment.last_line, max(1, len(lines)))].append(comment)
            marked.update(range(comment.first_line, comment.last_line + 1))
    return File(
        path=path,
        lines=[
            Line(
                number=number,
                text=text,
                marked=number in marked,
                comments=shown(ending.get(number, ())),
            )
            for number, text in enumerate(lines[:MOST_LINES], start=1)
        ],
        open=bool(comments) or any(fnmatch.fnmatch(path, one) for one in stage.files),
        cut=len(lines) > MOST_LINES,
        comments=len(comments),
    )


def _excerpt(comment: Comment, contents: Mapping[str, bytes]) -> list[tuple[int, str]]:
    if not (comment.first_line and comment.last_line and comment.path in contents):
        return []
    lines = contents[comment.path].decode("utf-8", errors="replace").splitlines()
    first = max(1, comment.first_line - AROUND)
    last = min(len(lines), comment.last_line + AROUND)
    return [(number, lines[number - 1]) for number in range(first, last + 1)]
