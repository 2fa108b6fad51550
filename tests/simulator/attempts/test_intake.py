"""What may come in: every hostile or hapless archive gets one sentence and no attempt."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from random import Random

import pytest

from simulator.attempts import intake
from simulator.attempts.drafts import write_zip
from simulator.attempts.intake import read_zip, validate
from simulator.attempts.refusals import SENTENCES, Refusal


def packed(
    *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return blob.getvalue()


def noise(seed: int) -> bytes:
    """900 kB that do not pack."""
    return Random(seed).randbytes(900_000)  # noqa: S311, no secret


def special(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (kind | 0o644) << 16
    return entry


def renamed(blob: bytes, old: bytes, new: bytes) -> bytes:
    """The archive with other bytes as a name, in the local and the central header."""
    assert len(old) == len(new)
    return blob.replace(old, new)


def flagged(blob: bytes, flag: int) -> bytes:
    """The archive with a general purpose flag set in every central header."""
    out = bytearray(blob)
    at = blob.find(b"PK\x01\x02")
    while at >= 0:
        (flags,) = struct.unpack_from("<H", out, at + 8)
        struct.pack_into("<H", out, at + 8, flags | flag)
        at = blob.find(b"PK\x01\x02", at + 1)
    return bytes(out)


def declared(blob: bytes, size: int) -> bytes:
    """The archive whose first file claims another unpacked size."""
    out = bytearray(blob)
    struct.pack_into("<I", out, blob.find(b"PK\x01\x02") + 24, size)
    struct.pack_into("<I", out, 22, size)
    return bytes(out)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a path outside": (lambda: packed(("../x.py", b"")), "path_outside"),
    "a path outside, deep": (lambda: packed(("a/../../x.py", b"")), "path_outside"),
    "an absolute path": (lambda: packed(("/etc/passwd", b"")), "path_outside"),
    "a drive": (lambda: packed(("C:/x.py", b"")), "path_outside"),
    "a backslash way out": (lambda: packed(("..\\x.py", b"")), "path_outside"),
    "a backslash": (lambda: packed(("a\\x.py", b"")), "name_unsafe"),
    "an empty part": (lambda: packed(("a//x.py", b"")), "path_outside"),
    "a link": (lambda: packed((special("a", stat.S_IFLNK), b"/etc")), "archive_special"),
    "a pipe": (lambda: packed((special("a", stat.S_IFIFO), b"")), "archive_special"),
    "a device": (lambda: packed((special("a", stat.S_IFCHR), b"")), "archive_special"),
    "a cipher": (lambda: flagged(packed(("a.py", b"x")), 1), "archive_encrypted"),
    "another method": (
        lambda: packed(("a.py", b"x"), method=zipfile.ZIP_LZMA),
        "archive_method",
    ),
    "a bomb": (lambda: packed(("a.txt", b"\0" * 900_000)), "archive_bomb"),
    "50 MB": (lambda: packed(("a.txt", b"\0" * 50_000_000)), "file_too_large"),
    "6 MB in pieces": (
        lambda: packed(*((f"{n}.bin", noise(n)) for n in range(6))),
        "project_too_large",
    ),
    "more than it declares": (
        lambda: declared(packed(("a.txt", b"x" * 5000)), 10),
        "archive_broken",
    ),
    "5,000 files": (
        lambda: packed(*((f"{n}.py", b"") for n in range(5000))),
        "too_many_files",
    ),
    "two of one name": (lambda: twice("a.py"), "names_collide"),
    "a twin in another case": (
        lambda: packed(("Model.py", b""), ("model.py", b"")),
        "names_collide",
    ),
    "a twin in another form": (
        lambda: packed(("caf\u00e9.py", b""), ("cafe\u0301.py", b"")),
        "names_collide",
    ),
    "a file that is a folder": (lambda: packed(("a", b""), ("a/b.py", b"")), "names_collide"),
    "right to left": (lambda: packed(("a\u202eyp.exe", b"")), "name_unsafe"),
    "a line end in a name": (lambda: packed(("a\nb.py", b"")), "name_unsafe"),
    "a dot at the end": (lambda: packed(("a./b.py", b"")), "name_unsafe"),
    "a space at the end": (lambda: packed(("a.py ", b"")), "name_unsafe"),
    "a long name": (lambda: packed(("a" * 300, b"")), "name_too_long"),
    "a name that is no UTF-8": (
        lambda: renamed(packed(("abcd.py", b"")), b"abcd.py", b"ab\xff\xfe.py"),
        "name_not_utf8",
    ),
    "a name that says it is UTF-8 and is not": (
        lambda: flagged(renamed(packed(("abcd.py", b"")), b"abcd.py", b"ab\xff\xfe.py"), 0x800),
        "name_not_utf8",
    ),
    "a NUL in a name": (
        lambda: renamed(packed(("abcd.py", b"")), b"abcd.py", b"ab\0d.py"),
        "name_unsafe",
    ),
    "no archive": (lambda: b"hello", "archive_broken"),
    "half an archive": (lambda: packed(("a.py", b"x" * 500))[:-30], "archive_broken"),
    "damaged content": (
        lambda: renamed(packed(("a.py", b"hello"), method=zipfile.ZIP_STORED), b"hello", b"jello"),
        "archive_broken",
    ),
    "9 MB": (lambda: b"\0" * 9_000_000, "archive_too_large"),
}


def twice(name: str) -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return packed((name, b"1"), (name, b"2"))


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_with_one_sentence(case: str) -> None:
    make, code = HOSTILE[case]
    with pytest.raises(Refusal) as caught:
        read_zip(make())
    assert caught.value.code == code
    for language in ("en", "ru"):
        sentence = caught.value.message(language)
        assert sentence.endswith(".")
        assert sentence.isprintable() or "\N{NO-BREAK SPACE}" in sentence
        assert "{" not in sentence


def test_an_honest_archive_is_read() -> None:
    files = {"app/model.py": b"x = 1\n", "sql/\u043f\u0440\u0438\u0437.sql": b"SELECT 1\n"}
    assert read_zip(write_zip(files)) == files


def test_names_in_utf8_without_the_flag_are_read_as_what_they_are() -> None:
    name = "при.py"
    blob = renamed(packed(("a" * 9, b"x")), b"a" * 9, name.encode())
    assert read_zip(blob) == {name: b"x"}


def test_what_tools_leave_behind_is_passed_over() -> None:
    blob = packed(
        ("app/", b""),
        ("app/a.py", b"x"),
        ("app/__pycache__/a.pyc", b"\0"),
        ("__MACOSX/app/._a.py", b"\0"),
        (".git/config", b"[core]"),
        (".DS_Store", b"\0"),
    )
    assert read_zip(blob) == {"app/a.py": b"x"}


def test_what_tools_leave_behind_may_not_lead_outside_either() -> None:
    with pytest.raises(Refusal) as caught:
        read_zip(packed(("__MACOSX/../../x", b"")))
    assert caught.value.code == "path_outside"


def test_a_nested_archive_is_only_a_file() -> None:
    inner = packed(("x.py", b"x"))
    assert read_zip(packed(("inner.zip", inner))) == {"inner.zip": inner}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "empty_project"),
        ({f"{n}.py": b"" for n in range(intake.MOST_FILES + 1)}, "too_many_files"),
        ({"a.py": b" " * (intake.LARGEST_FILE + 1)}, "file_too_large"),
        ({f"{n}.txt": b" " * 900_000 for n in range(6)}, "project_too_large"),
        ({"a\ud800.py": b""}, "name_not_utf8"),
        ({"": b""}, "path_outside"),
        ({"a/./b": b""}, "path_outside"),
        ({"~": b"", "bb:c": b""}, "name_unsafe"),
    ],
)
def test_a_project_that_breaks_a_rule_is_refused(files: dict[str, bytes], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        validate(files)
    assert caught.value.code == code


def test_the_limits_themselves_are_fine() -> None:
    validate({f"{n}.py": b"" for n in range(intake.MOST_FILES)})
    validate({"a.py": b" " * intake.LARGEST_FILE})
    validate({f"{n}.txt": b" " * intake.LARGEST_FILE for n in range(5)})


def test_every_sentence_is_one_sentence_in_both_languages() -> None:
    for texts in SENTENCES.values():
        assert set(texts) == {"en", "ru"}
        for sentence in texts.values():
            assert sentence.endswith(".")
            assert ". " not in sentence
            assert ": " in sentence  # what to do comes after the colon


def test_what_a_sentence_quotes_is_visible_and_short() -> None:
    refusal = Refusal("path_outside", path="../" + "\u202e\n`" + "x" * 500)
    sentence = refusal.message()
    assert "\\u202e\\n'" in sentence
    assert len(sentence) < 300
    assert sentence.count("`") == 2


def test_sizes_are_said_as_people_say_them() -> None:
    with pytest.raises(Refusal) as caught:
        validate({"a.txt": b" " * 1_500_000})
    assert "1.5\N{NO-BREAK SPACE}MB" in caught.value.message("en")
    assert "1,5\N{NO-BREAK SPACE}МБ" in caught.value.message("ru")


def test_a_directory_of_very_many_entries_is_refused_before_it_is_read() -> None:
    entry = packed(("a", b""))
    start, end = entry.find(b"PK\x01\x02"), entry.find(b"PK\x05\x06")
    central = entry[start:end] * (intake.MOST_ENTRIES + 1)
    with pytest.raises(Refusal) as caught:
        read_zip(entry[:start] + central + entry[end:])
    assert caught.value.code == "too_many_files"
    assert caught.value.params["found"] == intake.MOST_ENTRIES + 1


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_read_or_refused_whatever_its_bytes(method: int) -> None:
    whole = packed(
        ("app/model.py", b"x = 1\n" * 40), ("sql/ж.sql", b"SELECT 1"), ("d/", b""), method=method
    )
    assert set(read_zip(whole)) == {"app/model.py", "sql/ж.sql"}
    draw, read, said = Random(11), 0, set()  # noqa: S311, no secret
    for _ in range(3_000):
        blob = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(blob))
            blob[at : at + draw.randint(0, 4)] = draw.randbytes(draw.randint(0, 4))
        try:
            files = read_zip(bytes(blob))
        except Refusal as refusal:
            said.add(refusal.message()[-1])
            continue
        read += 1
        validate(files or {"a": b""})
    assert read > 0
    assert said == {"."}
