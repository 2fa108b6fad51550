"""Bring a quest home: the kit into the folder, the tables beside those of other quests."""

import hashlib
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from simulator.cli.learning import places
from simulator.cli.learning.site import Site
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.wire import Kit, TableFile

SAFE_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
SAFE_TABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}\.(?:parquet|json)")
MOST_UNPACKED: Final = 50_000_000


def tables_folder(dataset: str) -> Path:
    """Where the tables of a dataset lie on this machine; one copy for every folder."""
    if not SAFE_KEY.fullmatch(dataset):
        raise _unsafe(dataset)
    return places.home() / "warehouse" / dataset


def fetch_tables(site: Site, kit: Kit) -> Path:
    """The tables' folder, brought here unless it is. It appears whole, or not at all."""
    folder = tables_folder(kit.dataset)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".coming-", dir=folder.parent))
    try:
        for table in kit.tables:
            _fetch_table(site, kit.quest, table, fresh)
        fresh.chmod(0o755)  # a room reads it as another user
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of an archive that a site made. Raises Trouble for a path that leads outside."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        entries = packed.infolist()
        if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise _unsafe("an archive")
        return {_inside(entry.filename): packed.read(entry) for entry in entries}


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Make a folder hold exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    put(files, folder)


def put(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, over what is there."""
    for path, content in files.items():
        place = folder / _inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _fetch_table(site: Site, quest: str, table: TableFile, folder: Path) -> None:
    if not SAFE_TABLE.fullmatch(table.name):
        raise _unsafe(table.name)
    digest = hashlib.sha256()
    place = folder / table.name
    with (
        site.download(f"/api/quests/{quest}/tables/{table.name}") as pieces,
        place.open("wb") as file,
    ):
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != table.sha256:
        raise Trouble(
            f"{table.name} did not arrive whole.",
            code=Code.NETWORK,
            remedy="Run the same command again.",
        )
    place.chmod(0o644)


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path:
        raise _unsafe(path)
    return path


def _unsafe(name: str) -> Trouble:
    return Trouble(
        f"The site sent a name or a size that is not safe: {name!r}.",
        code=Code.PLATFORM,
        remedy="Is this the site's address? If so, tell whoever runs it.",
    )
