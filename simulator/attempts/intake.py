"""What may come in: the rules for archives and projects, checked before anything is stored.

Nothing here parses what a learner wrote; `parsing` does, in a room.
"""

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from simulator.attempts.refusals import Refusal, Size

MOST_FILES: Final = 200
LARGEST_FILE: Final = 1_000_000
LARGEST_PROJECT: Final = 5_000_000
LARGEST_UPLOAD: Final = 8_000_000
# Of a directory, with folders and what is left out: 8 MB of it would be 170,000 entries.
MOST_ENTRIES: Final = 20_000
LONGEST_PATH: Final = 200
LONGEST_NAME_BYTES: Final = 255
STEEPEST_RATIO: Final = 100
RATIO_COUNTS_FROM: Final = 100_000  # a short file of blanks is no bomb

METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
UNSAFE: Final = frozenset('\\:*?"<>|`')
# What tools leave behind and nobody means to hand in.
LEFT_OUT: Final = frozenset(
    {"__MACOSX", ".DS_Store", "__pycache__", ".git", ".venv", ".ipynb_checkpoints"}
)
ENTRY: Final = b"PK\x01\x02"  # what an entry of the directory begins with
ENCRYPTED: Final = 0x1
NAMES_ARE_UTF8: Final = 0x800


def read_zip(blob: bytes) -> dict[str, bytes]:
    """The files of an archive, by path. Raises Refusal; nothing is unpacked before all is known.

    Links, devices, paths that lead outside, bombs, ciphers and twin names refuse the whole
    archive. Folders and what tools leave behind (`LEFT_OUT`) are passed over.
    """
    if len(blob) > LARGEST_UPLOAD:
        raise upload_too_large(len(blob))
    declared = blob.count(ENTRY)
    if declared > MOST_ENTRIES:
        raise Refusal("too_many_files", limit=MOST_FILES, found=declared)
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            entries = _entries(archive, size=len(blob))
            return {path: _unpack(archive, entry, path) for path, entry in entries.items()}
    except UnicodeDecodeError as error:
        shown = error.object.decode("utf-8", errors="backslashreplace")
        raise Refusal("name_not_utf8", path=shown) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError):
        raise Refusal("archive_broken") from None


def validate(files: Mapping[str, bytes]) -> None:
    """Check a whole project. Raises Refusal with the first rule it breaks."""
    if not files:
        raise Refusal("empty_project")
    _check_count(len(files))
    for path in files:
        check_path(path)
    check_twins(files)
    for path, content in files.items():
        _check_size(path, len(content))
    _check_total(sum(map(len, files.values())))


def check_path(path: str) -> None:
    """Check one path. Raises Refusal when it leads outside or some system cannot hold it."""
    parts = path.split("/")
    drive = len(path) > 1 and path[1] == ":"
    if not path or path.startswith(("/", "\\")) or drive or {"", ".", ".."} & set(parts):
        raise Refusal("path_outside", path=path)
    if ".." in path.split("\\"):
        raise Refusal("path_outside", path=path)
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError:
        raise Refusal("name_not_utf8", path=path) from None
    if len(path) > LONGEST_PATH or longest > LONGEST_NAME_BYTES:
        raise Refusal("name_too_long", path=path, limit=LONGEST_PATH, part=LONGEST_NAME_BYTES)
    if not path.isprintable() or UNSAFE & set(path) or any(map(_edgy, parts)):
        raise Refusal("name_unsafe", path=path)


def check_twins(paths: Iterable[str]) -> None:
    """Refuse paths that are one and the same on a system that folds case or composes accents.

    A file whose path is a folder of another is such a twin, too.
    """
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(_folded(path), path)
        if other is not path:
            raise Refusal("names_collide", path=path, other=other)
    for path in seen.values():
        parents = _folded(path).split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            other = seen.get("/".join(parents[:depth]), "")
            if other:
                raise Refusal("names_collide", path=path, other=other)


def upload_too_large(size: int) -> Refusal:
    """The refusal of a request that is too large to read."""
    return Refusal("archive_too_large", limit=Size(LARGEST_UPLOAD), found=Size(size))


def check_draft(paths: Iterable[str], *, path: str, size: int, total: int) -> None:
    """Check one file that is about to join a draft of `total` bytes. Raises Refusal."""
    together = [path, *(other for other in paths if other != path)]
    check_path(path)
    _check_size(path, size)
    _check_total(total)
    _check_count(len(together))
    check_twins(together)


def _entries(archive: zipfile.ZipFile, *, size: int) -> dict[str, zipfile.ZipInfo]:
    """The plain files of an archive, every rule checked on what its directory declares."""
    members = [(_name(entry), entry) for entry in archive.infolist()]
    plain = [
        (name, entry)
        for name, entry in members
        if not (name.endswith("/") or LEFT_OUT & set(name.split("/")))
    ]
    for name, entry in members:
        check_path(name.removesuffix("/"))
        _check_kind(name, entry)
    _check_count(len(plain))
    # Twins are looked for among the list: a dictionary would let the last one win.
    check_twins([name for name, _ in plain])
    for name, entry in plain:
        _check_entry(name, entry)
    _check_total(sum(entry.file_size for _, entry in plain))
    if sum(entry.compress_size for _, entry in plain) > size:
        raise Refusal("archive_broken")  # entries that overlap
    return dict(plain)


def _name(entry: zipfile.ZipInfo) -> str:
    """The whole name of an entry, as its bytes say it."""
    name = entry.orig_filename
    if entry.flag_bits & NAMES_ARE_UTF8:
        return name
    # Archivers that do not set the flag write UTF-8 all the same; zipfile read it as CP437.
    raw = name.encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        shown = raw.decode("utf-8", errors="backslashreplace")
        raise Refusal("name_not_utf8", path=shown) from None


def _check_kind(name: str, entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise Refusal("archive_special", path=name)
    if entry.flag_bits & ENCRYPTED:
        raise Refusal("archive_encrypted", path=name)


def _check_entry(name: str, entry: zipfile.ZipInfo) -> None:
    if entry.compress_type not in METHODS:
        raise Refusal("archive_method", path=name)
    _check_size(name, entry.file_size)
    ratio = entry.file_size // max(1, entry.compress_size)
    if entry.file_size > RATIO_COUNTS_FROM and ratio > STEEPEST_RATIO:
        raise Refusal("archive_bomb", path=name, limit=STEEPEST_RATIO, found=ratio)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str) -> bytes:
    """One file's content; never more than its directory entry declared."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise Refusal("archive_bomb", path=path, limit=STEEPEST_RATIO, found=len(content))
    return content


def _check_count(found: int) -> None:
    if found > MOST_FILES:
        raise Refusal("too_many_files", limit=MOST_FILES, found=found)


def _check_size(path: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise Refusal("file_too_large", path=path, limit=Size(LARGEST_FILE), found=Size(size))


def _check_total(size: int) -> None:
    if size > LARGEST_PROJECT:
        raise Refusal("project_too_large", limit=Size(LARGEST_PROJECT), found=Size(size))


def _edgy(part: str) -> bool:
    return part.startswith(" ") or part.endswith((" ", "."))


def _folded(path: str) -> str:
    """What a case-folding, composing file system sees."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
