"""G4, where it needs no quest of its own: find what only the judge may know."""

from collections.abc import Iterator
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
        seen={"files": [["pairs.parquet", 0, False]], "told": []},
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
)
