"""Datasets on disk: named by content, whole or absent, truth apart."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pyarrow.parquet as pq
import pytest

from graders.datasets import DatasetError, Datasets, find, prepare
from graders.loading import load_quest
from graders.quest import Quest
from tests.graders.small_quest import QUEST_YAML

SECRET = b"s" * 32
TABLES = """\
tables:
  things:
    meaning: {en: Things, ru: Вещи}
    order_by: [number]
    columns:
      number: {type: UInt32, meaning: {en: Number, ru: Номер}}
      word: {type: LowCardinality(String), meaning: {en: Word, ru: Слово}}
"""
DATA = dedent(
    """\
    import pyarrow as pa
    from graders.data import Hidden, rng

    PUBLIC_SEED = 3
    CLOCK = {"public": 86_400_000}

    def things(seed):
        numbers = rng(seed, "numbers").integers(0, 1_000, 50)
        schema = pa.schema([("number", pa.uint32()), ("word", pa.string())])
        return {"things": [pa.RecordBatch.from_arrays(
            [pa.array(numbers, pa.uint32()), pa.array(["w"] * 50)], schema=schema)]}

    def generate(seed, scale):
        return things(seed)

    def hidden(key, scale):
        labels = pa.table({"label": rng(key, "labels").integers(0, 2, 50)}).to_batches()
        return Hidden(datasets={"later": things(key)}, truth={"labels": labels})
    """
)


def write(folder: Path, data: str = DATA) -> Quest:
    place = folder / "small"
    stage = place / "stages/01_model"
    stage.mkdir(parents=True, exist_ok=True)
    (place / "quest.yaml").write_text(QUEST_YAML.replace("tables: {}\n", TABLES))
    (place / "data.py").write_text(data)
    return load_quest(place)


def made(quest: Quest, home: Path, secret: bytes = SECRET) -> Datasets:
    return prepare(quest, scale="tiny", secret=secret, home=home)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_dataset_is_one_file_a_table_and_a_description(tmp_path: Path) -> None:
    datasets = made(write(tmp_path), tmp_path / "home")
    folder = datasets.public_folder
    assert folder == tmp_path / "home/warehouse" / datasets.public
    assert sorted(path.name for path in folder.iterdir()) == ["_dataset.json", "things.parquet"]
    facts = json.loads((folder / "_dataset.json").read_text())
    assert facts["database"] == "small"
    assert facts["now"] == "1970-01-02T00:00:00+00:00"
    things = facts["tables"]["things"]
    assert things["columns"] == [["number", "UInt32"], ["word", "LowCardinality(String)"]]
    assert things["rows"] == 50
    assert pq.read_table(folder / "things.parquet").num_rows == 50


def test_rooms_of_another_user_can_read_datasets_and_nobody_can_read_truth(tmp_path: Path) -> None:
    datasets = made(write(tmp_path), tmp_path / "home")
    for folder in (datasets.public_folder, datasets.folder("later")):
        assert mode(folder) == 0o755
        assert {mode(path) for path in folder.iterdir()} == {0o644}
    assert mode(datasets.truth.parent) == mode(datasets.truth) == 0o700
    assert {mode(path) for path in datasets.truth.iterdir()} == {0o600}
    assert (tmp_path / "home/warehouse") not in datasets.truth.parents


def test_files_tell_nothing_but_their_rows(tmp_path: Path) -> None:
    datasets = made(write(tmp_path), tmp_path / "home")
    for path in datasets.folder("later").iterdir():
        assert path.stat().st_mtime == 0
    assert pq.ParquetFile(datasets.folder("later") / "things.parquet").metadata.metadata is None


def test_preparing_again_finds_what_is_there(tmp_path: Path) -> None:
    quest = write(tmp_path)
    assert find(quest, scale="tiny", secret=SECRET, home=tmp_path / "home") is None
    datasets = made(quest, tmp_path / "home")
    before = {path: path.stat().st_ino for path in (tmp_path / "home").rglob("*.parquet")}
    assert made(quest, tmp_path / "home") == datasets
    assert find(quest, scale="tiny", secret=SECRET, home=tmp_path / "home") == datasets
    after = {path: path.stat().st_ino for path in (tmp_path / "home").rglob("*.parquet")}
    assert after == before


def test_another_secret_changes_hidden_data_and_their_names_only(tmp_path: Path) -> None:
    quest = write(tmp_path)
    one = made(quest, tmp_path / "one")
    two = made(quest, tmp_path / "two", b"t" * 32)
    assert one.public == two.public
    assert one.hidden["later"] != two.hidden["later"]
    assert one.truth.name != two.truth.name
    rows = [pq.read_table(d.folder("later") / "things.parquet").to_pydict() for d in (one, two)]
    assert rows[0] != rows[1]


def test_another_generator_makes_another_dataset(tmp_path: Path) -> None:
    one = made(write(tmp_path / "a"), tmp_path / "home")
    two = made(write(tmp_path / "b", DATA.replace("1_000", "2_000")), tmp_path / "home")
    assert one.public != two.public
    assert one.hidden != two.hidden


def test_a_missing_hidden_folder_is_made_again_and_public_is_left_alone(tmp_path: Path) -> None:
    quest = write(tmp_path)
    datasets = made(quest, tmp_path / "home")
    public = (datasets.public_folder / "things.parquet").stat().st_ino
    lost = datasets.folder("later")
    for path in lost.iterdir():
        path.unlink()
    lost.rmdir()
    assert made(quest, tmp_path / "home") == datasets
    assert (lost / "things.parquet").is_file()
    assert (datasets.public_folder / "things.parquet").stat().st_ino == public


def test_two_processes_at_once_make_one_dataset(tmp_path: Path) -> None:
    quest = write(tmp_path)
    program = dedent(
        f"""\
        from pathlib import Path
        from graders.datasets import prepare
        from graders.loading import load_quest
        quest = load_quest(Path({str(quest.folder)!r}))
        home = Path({str(tmp_path / "home")!r})
        datasets = prepare(quest, scale="tiny", secret=b"s" * 32, home=home)
        print(datasets.public, datasets.hidden["later"])
        """
    )
    several = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = {process.communicate()[0] for process in several}
    assert [process.returncode for process in several] == [0, 0, 0]
    assert len(answers) == 1
    folders = [path for path in (tmp_path / "home/warehouse").iterdir() if path.is_dir()]
    assert len(folders) == 2


def test_a_generator_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = DATA.replace(
        "def hidden(key, scale):", "def hidden(key, scale):\n    raise KeyError(1)"
    )
    with pytest.raises(KeyError):
        made(write(tmp_path, broken), tmp_path / "home")
    assert list((tmp_path / "home/truth").iterdir()) == []
    assert list((tmp_path / "home/warehouse").glob(".fresh-*")) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('("word"', '("wurd"'), "things: data.py gives the columns number, wurd"),
        (
            ('{"things": [', '{"thing": ['),
            "data.py gives the tables thing; quest.yaml declares things",
        ),
        (
            (
                "def generate(seed, scale):",
                "def generate(seed, scale):\n    return {'things': []}",
            ),
            "no batch",
        ),
    ],
)
def test_data_other_than_declared_are_refused(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(DatasetError, match=sentence):
        made(write(tmp_path, DATA.replace(*change)), tmp_path / "home")


def test_a_scale_that_does_not_exist_and_a_short_secret_are_refused(tmp_path: Path) -> None:
    quest = write(tmp_path)
    with pytest.raises(DatasetError, match="no scale 'huge', only tiny"):
        prepare(quest, scale="huge", secret=SECRET, home=tmp_path)
    with pytest.raises(ValueError, match="5 bytes; it needs 16"):
        prepare(quest, scale="tiny", secret=b"short", home=tmp_path)
