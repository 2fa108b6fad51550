"""A quest as one immutable file, named by its content: the same folder gives the same bytes."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from graders.works import read_files

_MODE = 0o644


def bundled(folder: Path) -> dict[str, bytes]:
    """The files of a quest that a bundle holds: all but what tools keep beside them."""
    return {path: body for path, body in read_files(folder).items() if not path.startswith(".")}


def content_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the names and contents of files."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()


def pack(files: Mapping[str, bytes], *, root: str) -> bytes:
    """A compressed archive of files below a folder `root`, without times, people or modes."""
    inside = io.BytesIO()
    with tarfile.open(fileobj=inside, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size, entry.mode = len(files[name]), _MODE
            archive.addfile(entry, io.BytesIO(files[name]))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as file:
        file.write(inside.getvalue())
    return packed.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The files of an archive that `pack` made, by their names below its folder."""
    found = {}
    with tarfile.open(path, mode="r:gz") as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file is not None:
                found[entry.name.partition("/")[2]] = file.read()
    return found
