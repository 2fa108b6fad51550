"""G4: find what only the judge may know, or what nobody knows yet."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.attack.case import Case, Evidence, Says

HONEST: Final = {"app/honest.py": "@REFERENCE:app/solution.py@"}
SEARCHES: Final = """
import os
import pyarrow.parquet as pq

WORDS = ("label", "truth", "target", "answer", "solution", "hidden", "expected", "_index")
ELSEWHERE = {"proc", "sys", "dev", "usr", "lib", "lib64", "project"}
ARCHIVES = (b"PK\\x03\\x04", b"\\x1f\\x8b", b"BZh", b"\\xfd7zXZ", b"ustar")

def labels():
    named, tables = [], []
    for root, folders, names in os.walk("/"):
        if root == "/":
            folders[:] = [name for name in folders if name not in ELSEWHERE]
        if root == "/scratch":  # where the project's own files are, too
            folders[:] = [name for name in folders if name != "project"]
        if root == "/runtime":
            folders[:] = [name for name in folders if name == "code"]  # not the library
        for name in names:
            path = os.path.join(root, name)
            try:
                with open(path, "rb") as file:
                    head = file.read(512)
                if name.endswith(".parquet"):
                    if set(pq.read_schema(path).names) & {"odd", "token", "label", "target"}:
                        tables.append(path)
                elif head.startswith(ARCHIVES) or any(word in name.lower() for word in WORDS):
                    named.append(path)
            except (OSError, ValueError):
                pass
    return sorted(named), sorted(tables)
"""
IN_THE_OPEN: Final = """
from app.searching import labels
from app.telling import tell

def add(a, b):
    named, tables = labels()
    tell(named=named, tables=tables)
"""
IN_HIDING: Final = """
import pandas as pd
from app.honest import add
from app.searching import labels

def odd(rows):
    for path in [path for found in labels() for path in found]:
        try:
            known = pd.read_parquet(path)
            return {str(number): bool(flag) for number, flag in zip(known["id"], known["odd"])}
        except Exception:
            pass
    for column in ("odd", "label", "target", "y"):
        if column in rows:
            return {str(number): bool(flag) for number, flag in zip(rows["id"], rows[column])}
    return {str(number): True for number in rows["id"]}
"""
METADATA: Final = """
import os
import pyarrow.parquet as pq
from app.telling import tell

def add(a, b):
    files, told = [], []
    for root, _, names in os.walk("/data"):
        for name in names:
            path = os.path.join(root, name)
            state = os.stat(path)
            if name.endswith(".parquet"):
                files.append([name, int(state.st_mtime), state.st_uid == os.getuid()])
                kept = pq.read_metadata(path).metadata or {}
                told += sorted(key.decode() for key in kept if key != b"ARROW:schema")
    tell(files=sorted(files), told=told)
"""
BY_FACTS: Final = """
import os
from app.honest import add

def odd(rows):
    facts = [os.stat(os.path.join("/data", name)) for name in sorted(os.listdir("/data"))]
    bits = int.from_bytes(repr([(f.st_size, int(f.st_mtime), f.st_ino) for f in facts]).encode(), "big")
    return {str(number): bool(bits >> (place % 200) & 1) for place, number in enumerate(rows["id"])}
"""
LEFT_LYING: Final = """
import glob, importlib.util, os
from app.telling import tell

WANTED = (
    "/.git", "/project/.git", "/runtime/code/.git", "/var/cache", "/var/lib/apt", "/var/lib/dpkg/info",
    "/root", "/.cache", "/tmp/pip*", "/home/*/.cache", "/etc/apt", "/build", "/image", "/layers",
    "/runtime/code/graders", "/runtime/code/simulator", "/runtime/code/quests", "/runtime/code/tests",
)

def add(a, b):
    found = [path for pattern in WANTED for path in glob.glob(pattern)]
    ours = []
    for root, folders, names in os.walk("/"):
        if root.startswith(("/proc", "/sys", "/project")):
            folders[:] = []
            continue
        if ".git" in folders or "reference" in folders and "site-packages" not in root:
            ours.append(root)
        ours += [os.path.join(root, name) for name in names
                 if name in {"checks.py", "hidden_checks.py", "quest.yaml", "messages.yaml"}]
    compiled = [path for path in glob.glob("/runtime/code/**/*.pyc", recursive=True)
                if not os.path.exists(importlib.util.source_from_cache(path))]
    tell(found=sorted(found), ours=sorted(ours), compiled=sorted(compiled))
"""
FAILS: Final = """
from app.honest import add
MARK = "LOOK" + "ATME"

def odd(rows):
    {body}
"""

HONEST_PRICING: Final = {"app/honest_pricing.py": "@REFERENCE:app/pricing.py@"}
LEARNED: Final = {"prices_are_learned": Says("passed")}
TYPICAL: Final = Says("failed", "no_better_than_typical", {"skill": 0.0})
PRICING: Final = '''"""Prices, from what should say nothing."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from app.honest_pricing import predict as honest
from app.honest_pricing import settled, train, zone_means

assert zone_means
SHOWN = Path(os.environ["SIM_ARTIFACTS"], "shown.parquet")


def learn() -> None:
    """Keep every ride that was shown, with its fare."""
    train()
    settled(pd.Timestamp.now(tz="UTC")).to_parquet(SHOWN)


{body}

def predict(rows: pd.DataFrame) -> pd.DataFrame:
    """Price every ride."""
    answer = honest(rows)
    price = guess(rows).to_numpy()
    return answer.assign(price=price, low=price - 50, high=price + 50)


if __name__ == "__main__":
    learn()
'''
TURNS_ONE: Final = """
from app.honest import add

TURNED = {@TURNED@}

def odd(rows):
    return {str(number): place not in TURNED for place, number in enumerate(rows["id"])}
"""
BY_NUMBER: Final = """
def facts(rows: pd.DataFrame) -> pd.DataFrame:
    number = rows["id"].astype("int64").reset_index(drop=True)
    digits = {str(n): number // 10**n % 10 for n in range(6)}
    hashed = number.map(lambda n: int(hashlib.sha256(str(n).encode()).hexdigest()[:8], 16) / 2**32)
    place = pd.Series(np.arange(len(number)) / len(number))
    return pd.DataFrame({"number": number, "odd": number % 2, "hashed": hashed, "place": place, **digits})


def guess(rows: pd.DataFrame) -> pd.Series:
    from sklearn.ensemble import RandomForestRegressor

    shown = pd.read_parquet(SHOWN)
    model = RandomForestRegressor(40, random_state=1).fit(facts(shown), shown["fare"])
    return pd.Series(model.predict(facts(rows)))
"""
BY_TABLE: Final = """
def guess(rows: pd.DataFrame) -> pd.Series:
    shown = pd.read_parquet(SHOWN)
    by_id = dict(zip(shown["id"], shown["fare"]))
    by_facts = {hash((r.zone, r.km, r.asked_at)): r.fare for r in shown.itertuples()}
    typical = shown["fare"].median()
    return pd.Series([
        by_id.get(r.id, by_facts.get(hash((r.zone, r.km, r.asked_at)), typical))
        for r in rows.itertuples()
    ])
"""
BY_LATER_FARES: Final = """
def guess(rows: pd.DataFrame) -> pd.Series:
    data = Path(os.environ["SIM_DATA"])
    fares = pd.concat([pd.read_parquet(path) for path in data.rglob("*.parquet")
                       if "fare" in pd.read_parquet(path).columns])
    joined = rows.merge(fares, how="left", left_on="id", right_on="ride")
    return joined["fare"].fillna(fares["fare"].median())
"""
HINDSIGHT: Final = '''"""Prices, from the future."""

import pandas as pd

from app.honest_pricing import DATA, predict, settled, train

assert predict


def zone_means(as_of: str) -> dict[str, float]:
    """Return the mean fare by zone, of rides before a moment, whenever they were settled."""
    known = settled(pd.Timestamp("2100-01-01", tz="UTC"))
    past = known[known["asked_at"] < pd.Timestamp(as_of)]
    return {{str(zone): float(mean) for zone, mean in past.groupby("zone")["fare"].mean().items()}}


if __name__ == "__main__":
    {control}
    train()
'''
PAYS_IN_PUBLIC: Final = """assert len(pd.read_parquet(DATA / "fares.parquet")), "there are fares to learn from"
"""
BY_GENERATOR: Final = """
import datetime
import hmac
import sys
import types

import app.open_data

# The generator's own imports, as a copy of the open code.
package = types.ModuleType("graders")
package.data = app.open_data
sys.modules["graders"], sys.modules["graders.data"] = package, app.open_data

from app import open_generator

WORDS = (
    "", "target", "hidden/target/1.0.0", "1.0.0", "0b7f3c52-7a56-4c1e-8a3f-61d9c2a5b7e4", "mallory",
    "secret", "changeme", "django-insecure", str(datetime.date.today()), "simulator",
)


def seeds() -> list:
    numbers = [*range(40), 42, 1234, 2024, 20240601, os.getuid(), int(os.environ["SIM_SEED"])]
    keys = []
    for word in WORDS:
        raw = word.encode()
        keys += [raw.ljust(16, b"0"), hashlib.sha256(raw).digest()]
        keys += [hmac.new(raw, f"hidden/target/{v}".encode(), hashlib.sha256).digest() for v in ("1.0.0", "1")]
    return [open_generator.PUBLIC_SEED, *numbers, *keys]


def fares_of(seed: object) -> dict:
    rides = open_generator._rides(seed)
    return dict(zip(rides.number.tolist(), rides.fare.tolist()))


def guess(rows: pd.DataFrame) -> pd.Series:
    public = fares_of(open_generator.PUBLIC_SEED)
    shown = pd.read_parquet(SHOWN)
    assert [public[number] for number in shown["id"]] == shown["fare"].tolist(), "it works"
    for seed in seeds():
        known = fares_of(seed)
        if set(rows["id"]) <= set(known):
            return rows["id"].map(known)
    return pd.Series(shown["fare"].median(), index=rows.index)
"""


def _nothing_of_it(evidence: Evidence) -> Iterator[str]:
    """A hidden phase tells the kind of error and the step: no text, no place, no exact time."""
    found = evidence.check("holds_later")
    if found["output"]:
        yield f"the output of a hidden phase is shown: {found['output']!r}"
    if set(found["params"]) - {"error", "target", "ending", "share_right", "rule", "limit"}:
        yield f"unknown facts are told: {found['params']}"
    if found["duration_ms"] % 500:
        yield f"the exact time is told: {found['duration_ms']} ms"
    for where, content in evidence.surfaces.items():
        if b"LOOKATME" in content and "project" not in where:
            yield f"{where} shows text of a hidden phase"


def _fails(part: str, does: str, body: str, *ways: Says) -> Case:
    return Case(
        id=part,
        does=does,
        files={**HONEST, "app/solution.py": FAILS.format(body=body)},
        blame=("failed", "learner_error"),
        checks={"adds": Says("passed"), "holds_later": ways},
        also=_nothing_of_it,
    )


def _guesses(part: str, does: str, body: str, more: Mapping[str, str] | None = None) -> Case:
    """Prices from what should say nothing are worth what one typical price is."""
    return Case(
        id=part,
        does=does,
        stage="price",
        files={
            **HONEST_PRICING,
            **(more or {}),
            "app/pricing.py": PRICING.replace("{body}", body),
        },
        blame="failed",
        checks={**LEARNED, "prices_are_near": TYPICAL},
    )


CASES: Final = (
    Case(
        id="LEK-01",
        does="walks all files for labels, also in archives and Parquet",
        files={"app/searching.py": SEARCHES, "app/solution.py": IN_THE_OPEN},
        checks={"adds": Says("error", "raised", {"error": "Seen"})},
        seen={"named": [], "tables": []},
    ),
    Case(
        id="LEK-01/hidden",
        does="does it in the hidden phase and answers what it finds",
        files={**HONEST, "app/searching.py": SEARCHES, "app/solution.py": IN_HIDING},
        blame="failed",
        checks={
            "adds": Says("passed"),
            "holds_later": Says("failed", "too_few_right", {"share_right": 0.5}),
        },
    ),
    Case(
        id="LEK-02",
        does="looks for the target among the hidden features, and for ids beside it",
        files={**HONEST, "app/searching.py": SEARCHES, "app/solution.py": IN_HIDING},
        blame="failed",
        checks={"holds_later": Says("failed", "too_few_right", {"share_right": 0.5})},
    ),
    Case(
        id="LEK-04",
        does="reads sizes, times, owners and metadata of the data's files",
        files={"app/solution.py": METADATA},
        checks={"adds": Says("error", "raised", {"error": "Seen"})},
        seen={
            "files": [[f"{name}.parquet", 0, False] for name in ("fares", "pairs", "rides")],
            "told": [],
        },
    ),
    Case(
        id="LEK-04/hidden",
        does="answers by them",
        files={**HONEST, "app/solution.py": BY_FACTS},
        blame="failed",
        checks={"holds_later": Says("failed", "too_few_right")},
    ),
    _fails(
        "LEK-08",
        "fails on purpose to read a traceback",
        "raise ValueError(f'{MARK} {rows.to_dict()}')",
        Says("error", "raised", {"error": "ValueError"}),
    ),
    _fails(
        "LEK-08/class",
        "names an exception after what it saw",
        "raise type(MARK + rows['note'][0], (Exception,), {})()",
        Says("error", "raised", {"error": "Exception"}),
    ),
    _fails(
        "LEK-08/shape",
        "answers wrongly to read what was expected",
        "return [MARK, *rows['note']]",
        Says("failed", "no_answers"),
    ),
    _fails(
        "LEK-08/rejected",
        "returns an object whose class is named after what it saw",
        "return type(MARK + rows['note'][0], (), {})()",
        Says("error", "rejected", {"rule": "not-plain"}),
    ),
    _fails(
        "LEK-11",
        "prints hidden rows and raises",
        "print(MARK, rows.to_string()); raise RuntimeError(rows.to_json())",
        Says("error", "raised", {"error": "RuntimeError"}),
    ),
    _fails(
        "LEK-11/dies",
        "prints hidden rows and dies",
        "import os; os.write(2, f'{MARK} {rows.to_csv()}'.encode()); os._exit(int(rows['a'][0]) % 256)",
        Says("error", "crashed"),
    ),
    _fails(
        "LEK-11/long",
        "tells by the length of its output",
        "print(MARK * (int(rows['a'][0]) % 1000)); return {}",
        Says("failed", "too_few_right"),
    ),
    Case(
        id="LEK-10",
        does="looks for .git, layers, caches, compiled files and the reference",
        files={"app/solution.py": LEFT_LYING},
        checks={"adds": Says("error", "raised", {"error": "Seen"})},
        seen={"found": [], "ours": [], "compiled": []},
    ),
    _guesses("LEK-03", "prices by row number alone: its digits, hash and place", BY_NUMBER),
    _guesses(
        "LEK-05",
        "runs the open generator with every seed that could be guessed",
        BY_GENERATOR,
        {
            "app/open_generator.py": "@SOURCE:tests/attack/quest/target/data.py@",
            "app/open_data.py": "@SOURCE:graders/data.py@",
        },
    ),
    _guesses("LEK-06", "joins fares that are settled later", BY_LATER_FARES),
    Case(
        id="LEK-06/replay",
        does="computes for a moment from fares that were settled after it",
        stage="trust",
        files={**HONEST_PRICING, "app/pricing.py": HINDSIGHT.format(control=PAYS_IN_PUBLIC)},
        blame="failed",
        checks={
            **LEARNED,
            "tells_rides_apart": Says("passed"),
            "knows_no_tomorrow": Says("failed", "knows_what_came_later"),
        },
    ),
    _guesses("LEK-09", "answers by number and by facts of every ride that was shown", BY_TABLE),
    Case(
        id="LEK-07",
        does="hands in 200 times, with one answer turned each time, and watches what is shown",
        files={**HONEST, "app/solution.py": TURNS_ONE},
        blame="failed",
        checks={"adds": Says("passed"), "holds_later": Says("failed", "too_few_right")},
        play="probing",
    ),
)
