"""Is a text the learner's own: not the brief's, not the template's, not the same again."""

import functools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from graders.documents.reading import Block, Document, words
from graders.workspace import Workspace

SHINGLE = 6
FEW_WORDS = 3

Shingle = tuple[str, ...]


def own_blocks(work: Workspace, document: Document) -> tuple[Block, ...]:
    """What the document says beside what its template in the starter said already."""
    template = work.quest.folder / "starter" / document.path
    known = _lines(template, work.quest.digest)
    return tuple(block for block in document.said if tuple(words(block.text)) not in known)


def copied_share(work: Workspace, blocks: Iterable[Block]) -> float:
    """The share of the text, by runs of six words, that stands in the quest's story and briefs."""
    told = _told(work.quest.folder, work.quest.digest)
    own = [run for block in blocks for run in _runs(words(block.text))]
    return sum(run in told for run in own) / len(own) if own else 0.0


def repeated_share(document: Document) -> float:
    """The share of the sentences that say again, word by word, what another said."""
    said = [tuple(words(sentence)) for _, sentence in document.sentences()]
    said = [sentence for sentence in said if len(sentence) > FEW_WORDS]
    return 1 - len(Counter(said)) / len(said) if said else 0.0


def _runs(all_words: list[str]) -> list[Shingle]:
    return [tuple(all_words[n : n + SHINGLE]) for n in range(len(all_words) - SHINGLE + 1)]


@functools.lru_cache(maxsize=32)
def _told(folder: Path, digest: str) -> frozenset[Shingle]:
    del digest  # a part of the key: a changed quest is read again
    texts = [*folder.glob("story.*.md"), *folder.glob("stages/*/brief.*.md")]
    return frozenset(run for path in texts for run in _runs(words(path.read_text("utf-8"))))


@functools.lru_cache(maxsize=32)
def _lines(template: Path, digest: str) -> frozenset[Shingle]:
    """The paragraphs and lines of a template, as runs of words."""
    del digest
    text = template.read_text("utf-8") if template.is_file() else ""
    pieces = [*text.splitlines(), *text.split("\n\n")]
    return frozenset(found for piece in pieces if (found := tuple(words(piece))))
