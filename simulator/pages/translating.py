"""Translations without gettext's tools: find the messages, keep the .po in step, write the .mo.

`python -m simulator.pages.translating` does all three and says what lacks a translation.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from django.utils.translation.template import templatize

SITE: Final = Path(__file__).resolve().parent.parent
CATALOGUE: Final = SITE / "pages" / "locale" / "ru" / "LC_MESSAGES" / "django.po"
PLURALS: Final = 3
HEADER: Final = """\
Content-Type: text/plain; charset=UTF-8
Language: ru
Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && \
(n%100<12 || n%100>14) ? 1 : 2);
"""
MARKERS: Final = {
    "_": "one",
    "gettext": "one",
    "gettext_lazy": "one",
    "ngettext": "many",
    "ngettext_lazy": "many",
    "ngettext_noop": "many",
    "pgettext": "context",
    "pgettext_lazy": "context",
}
_LITERAL: Final = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL: Final = re.compile(
    rf"\b(?P<name>_|gettext|ngettext|pgettext|npgettext)\(\s*"
    rf"(?P<literals>{_LITERAL}(?:\s*,\s*{_LITERAL})*)"
)


@dataclass(frozen=True, kw_only=True, order=True)
class Message:
    """What is to be translated, and how."""

    text: str
    plural: str = ""
    context: str = ""
    translations: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.text

    @property
    def complete(self) -> bool:
        return len(self.translations) == (PLURALS if self.plural else 1) and all(self.translations)


def main() -> int:
    """Bring the catalogue up to date; 1 if a message lacks its translation."""
    known = {message.key: message for message in read(CATALOGUE.read_text(encoding="utf-8"))}
    kept = [
        replace(found, translations=known[found.key].translations) if found.key in known else found
        for found in sorted(messages(SITE))
    ]
    CATALOGUE.write_text(write(kept), encoding="utf-8")
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(kept))
    missing = [message.text for message in kept if not message.complete]
    for text in missing:
        sys.stderr.write(f"not translated: {text!r}\n")
    return 1 if missing else 0


def messages(site: Path) -> frozenset[Message]:
    """Every message in the site's templates and modules."""
    found: dict[tuple[str, str], Message] = {}
    for path in sorted(site.rglob("*.html")):
        for message in _in_template(path.read_text(encoding="utf-8")):
            _add(found, message)
    for path in sorted(site.rglob("*.py")):
        for message in _in_module(path.read_text(encoding="utf-8")):
            _add(found, message)
    return frozenset(found.values())


def read(text: str) -> list[Message]:
    """The messages of a .po file; its header and comments are left out."""
    return [_entry(block) for block in re.split(r"\n\s*\n", text) if _is_entry(block)]


def write(entries: Iterable[Message]) -> str:
    """A .po file of these messages."""
    header = 'msgid ""\nmsgstr ""\n' + "".join(
        f"{_quoted(line)}\n" for line in HEADER.splitlines(keepends=True)
    )
    return "\n".join([header, *map(_block, entries)])


def compiled(entries: Iterable[Message]) -> bytes:
    """The .mo file of the complete messages, as gettext reads it."""
    pairs = {b"": HEADER.encode()}
    for entry in entries:
        if entry.complete:
            identity = f"{entry.context}\x04{entry.text}" if entry.context else entry.text
            if entry.plural:
                identity += f"\0{entry.plural}"
            pairs[identity.encode()] = "\0".join(entry.translations).encode()
    keys = sorted(pairs)
    start = 7 * 4
    texts = start + 16 * len(keys)
    ids, places = _table(keys, texts)
    values, value_places = _table([pairs[key] for key in keys], texts + len(ids))
    head = struct.pack(
        "<7I", 0x950412DE, 0, len(keys), start, start + 8 * len(keys), 0, start + 16 * len(keys)
    )
    return head + places + value_places + ids + values


def _add(found: dict[tuple[str, str], Message], message: Message) -> None:
    before = found.setdefault(message.key, message)
    if message.plural and not before.plural:
        found[message.key] = message


def _in_template(text: str) -> Iterator[Message]:
    for call in _CALL.finditer(templatize(text)):
        literals = re.findall(_LITERAL, call["literals"])
        yield _message(call["name"], [ast.literal_eval(literal) for literal in literals])


def _in_module(text: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        kind = MARKERS.get(node.func.id)
        texts = node.args[: 1 if kind == "one" else 2] if kind else []
        words = [arg.value for arg in texts if isinstance(arg, ast.Constant)]
        if words and len(words) == len(texts):
            yield _message(node.func.id, [str(word) for word in words])


def _message(name: str, words: Sequence[str]) -> Message:
    match MARKERS[name], words:
        case "context", [context, text]:
            return Message(context=context, text=text)
        case "many", [text, plural]:
            return Message(text=text, plural=plural)
        case _:
            return Message(text=words[0])


def _is_entry(block: str) -> bool:
    return bool(re.search(r'^msgid "(?!"\n)|^msgid ""\n"', block, re.MULTILINE)) and not (
        block.lstrip().startswith('msgid ""\nmsgstr')
    )


def _entry(block: str) -> Message:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#"):
            continue
        keyword, quote, rest = line.partition('"')
        name = keyword.strip() or name
        fields[name] = fields.get(name, "") + ast.literal_eval(quote + rest)
    forms = [fields.get(f"msgstr[{n}]", "") for n in range(PLURALS)]
    return Message(
        text=fields["msgid"],
        plural=fields.get("msgid_plural", ""),
        context=fields.get("msgctxt", ""),
        translations=tuple(forms) if "msgid_plural" in fields else (fields["msgstr"],),
    )


def _block(entry: Message) -> str:
    lines = [f"msgctxt {_quoted(entry.context)}"] if entry.context else []
    lines.append(f"msgid {_quoted(entry.text)}")
    if entry.plural:
        lines.append(f"msgid_plural {_quoted(entry.plural)}")
        forms: Mapping[int, str] = dict(enumerate(entry.translations))
        lines += [f"msgstr[{n}] {_quoted(forms.get(n, ''))}" for n in range(PLURALS)]
    else:
        lines.append(f"msgstr {_quoted(entry.translations[0] if entry.translations else '')}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _table(texts: Sequence[bytes], start: int) -> tuple[bytes, bytes]:
    """The texts one after the other, each with its end, and where each lies."""
    body, places = b"", b""
    for text in texts:
        places += struct.pack("<2I", len(text), start + len(body))
        body += text + b"\0"
    return body, places


if __name__ == "__main__":
    sys.exit(main())
