"""G6: what is handed in or left behind is not what it says."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Final

from tests.attack.case import Case, Says

TRAINED: Final = {
    "trains": Says("passed"),
    "keeps_the_contract": Says("passed"),
    "predicts_later": Says("passed"),
}
UNREADABLE: Final = {"trains": Says("failed", "artifact_unreadable", {"path": "/artifacts"})}
HONEST_TRAINING: Final = (
    "import runpy\nrunpy.run_module('app.honest_train', run_name='__main__')\n"
)
TOUCHES_THE_HOST: Final = (
    "class Bomb:\n    def __reduce__(self):\n"
    "        return exec, (\"open('@FILE@', 'a').write('touched')\",)\n"
)
# A footer's numbers are Thrift's: with longer ones in their place it is a footer still.
TRILLIONS: Final = """\
import io, struct
import pandas as pd

def number(n):
    left, out = n << 1, bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    return bytes([*out, left])

file = io.BytesIO()
pd.DataFrame({'id': range(12_345), 'score': 0.5}).to_parquet(file)
blob = file.getvalue()
(size,) = struct.unpack('<I', blob[-8:-4])
footer = blob[-8 - size : -8].replace(number(12_345), number(4 * 10**12))
blob = blob[: -8 - size] + footer + struct.pack('<I', len(footer)) + b'PAR1'
assert len(blob) < 100_000
open('/artifacts/predictions.parquet', 'wb').write(blob)
"""
MANY_CELLS: Final = (
    '{"nbformat": 4, "cells": ['
    + ", ".join(['{"cell_type": "code", "source": ""}'] * 20_000)
    + "]}"
)
OUTPUTS: Final = (
    '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x", "outputs": ["'
    + "iVBORw0KGgo" * 50_000
    + '"]}]}'
)


def _after_training(text: str) -> dict[str, str]:
    """An honest training, and then this."""
    return {
        "app/honest_train.py": "@REFERENCE:app/train.py@",
        "app/train.py": f"{HONEST_TRAINING}{text}",
    }


def _predictions(expression: str) -> dict[str, str]:
    """An honest training whose predictions are then these bytes."""
    return _after_training(
        "path = '/artifacts/predictions.csv'\n"
        "lines = open(path, 'rb').read()\n"
        f"open(path, 'wb').write({expression})\n"
    )


def _contract(reason: str, **params: int | str) -> dict[str, Says]:
    """Trained well, and then this is said of what was left."""
    return {"trains": Says("passed"), "keeps_the_contract": Says("failed", reason, params)}


def _zip(entries: Mapping[str, bytes], *, kind: int = 0) -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (kind | 0o644) << 16
            archive.writestr(entry, body)
    return blob.getvalue()


def _nested() -> bytes:
    """A bomb in an archive in an archive: the outer one is all that anybody opens."""
    return _zip({"app/inner.zip": _zip({"zeros": bytes(10**6)})})


def _overlapping() -> bytes:
    """Many entries of the directory that share the bytes of one."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app/0.py", b"# " + bytes(range(32, 127)) * 900)
        for number in range(1, 40):
            twin = archive.infolist()[0]
            copy = zipfile.ZipInfo(f"app/{number}.py")
            for field in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(copy, field, getattr(twin, field))
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
    return blob.getvalue()


def _tar() -> bytes:
    """A link, then a file through it."""
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as archive:
        link = tarfile.TarInfo("app")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp"  # noqa: S108 - what the attack would reach
        archive.addfile(link)
        through = tarfile.TarInfo("app/solution.py")
        through.size = 4
        archive.addfile(through, io.BytesIO(b"pass"))
    return blob.getvalue()


METRICS: Final[tuple[tuple[str, str, str, str, dict[str, int | str]], ...]] = (
    ("deep", "nested 100,000 deep", "'[' * 100_000 + ']' * 100_000", "artifact_over_limit", {"rule": "nested-too-deep", "limit": 50}),
    ("many", "of half a million empty lists", "'[' + '[],' * 250_000 + '[]]'", "artifact_over_limit", {"rule": "too-many-values", "limit": 500_000}),
    ("long", "of 400 digits, which no float holds", "'{\"auc\": 1' + '0' * 400 + '}'", "artifact_rejected", {"rule": "out-of-range"}),
    ("endless", "that are not finite", "'{\"auc\": NaN}'", "artifact_rejected", {"rule": "not-finite"}),
    ("twice", "under one key twice", "'{\"auc\": 1, \"auc\": 0}'", "artifact_rejected", {"rule": "key-twice"}),
    ("half", "with half a letter as a key", "'{\"\\\\ud800\": 1}'", "artifact_rejected", {"rule": "not-utf-8"}),
    ("list", "that are no object", "'[1]'", "metrics_differ", {}),
)  # fmt: skip
NOTEBOOKS: Final[tuple[tuple[str, str, str, str, dict[str, int | str]], ...]] = (
    ("cells", "of 20,000 cells", MANY_CELLS, "artifact_over_limit", {"rule": "too-many-cells", "limit": 1_000}),
    ("text", "that is no JSON", '{"cells": [', "artifact_rejected", {"rule": "not-json"}),
    ("other", "that is no notebook", '{"nbformat": 4}', "artifact_rejected", {"rule": "not-a-notebook"}),
)  # fmt: skip
# How predictions are spoiled, and what must be said of it; there are 64 honest rows.
SPOILED: Final[tuple[tuple[str, str, str, str, str, dict[str, int | str]], ...]] = (
    ("mark", "that begin with a byte-order mark", "b'\\xef\\xbb\\xbf' + lines", "", "byte-order-mark", {}),
    ("utf16", "in UTF-16", "lines.decode().encode('utf-16')", "", "not-utf-8", {}),
    ("zero", "with zero bytes", "lines.replace(b',', b',\\0', 1)", "", "zero-byte", {}),
    ("return", "with one old end of a line", "lines + b'1\\r'", "", "lone-carriage-return", {}),
    ("ragged", "with ragged rows", "lines + b'1\\n2,3,4\\n'", "row_", "ragged-row", {"row": 65}),
    ("quote", "with a quote that never closes", "lines + b'\"1,0.5\\n'", "row_", "unclosed-quote", {"row": 65}),
    ("index", "with one column too many", "b'x,' + lines.replace(b'\\n', b'\\n0,').removesuffix(b'0,')", "", "column-unknown", {}),
    ("exponent", "whose number is no whole one", "lines + b'1e5,0\\n'", "cell_", "not-an-integer", {"row": 65, "column": "id"}),
    ("infinite", "that are not finite", "lines + b'65,inf\\n'", "cell_", "not-finite", {"row": 65, "column": "score"}),
    ("twice", "with a row twice", "lines + lines.splitlines()[1] + b'\\n'", "cell_", "key-twice", {"row": 65, "column": "id"}),
)  # fmt: skip

REFUSED: Final[tuple[tuple[str, str, dict[str, bytes], str], ...]] = (
    ("ART-05", "leads outside by its name", {"../../app/x.py": b""}, "path_outside"),
    ("ART-05/absolute", "has an absolute name", {"/etc/cron.d/x": b""}, "path_outside"),
    ("ART-05/drive", "names a drive", {"C:\\x.py": b""}, "path_outside"),
    ("ART-05/backslash", "leads outside by backslashes", {"app\\..\\..\\x": b""}, "path_outside"),
    ("ART-06", "is a bomb of 1000:1", {"app/zeros.py": bytes(900_000)}, "archive_bomb"),
    ("ART-06/total", "unpacks to 40 MB", {"app/big.py": bytes(range(256)) * 160_000}, "file_too_large"),
    ("ART-06/many", "has 5,000 files", {f"app/{n}.py": b"" for n in range(5000)}, "too_many_files"),
    ("ART-09", "has twins by letter case", {"app/Model.py": b"", "app/model.py": b""}, "names_collide"),
    ("ART-09/accents", "has twins by accents", {"é.py": b"", "e\N{COMBINING ACUTE ACCENT}.py": b""}, "names_collide"),
    ("ART-09/dot", "has a name that ends with a dot", {"app/x.": b""}, "name_unsafe"),
    ("ART-09/bidi", "has a name that reads backwards", {"app/\N{RIGHT-TO-LEFT OVERRIDE}yp.x": b""}, "name_unsafe"),
    ("ART-09/long", "has a name of 300 bytes", {f"app/{'x' * 300}": b""}, "name_too_long"),
)  # fmt: skip

CASES: Final = (
    Case(
        id="ART-01",
        does="leaves a model that writes to the host when it is unpickled",
        stage="train",
        files=_after_training(
            f"import pickle\n{TOUCHES_THE_HOST}"
            "open('/artifacts/model.pkl', 'wb').write(pickle.dumps(Bomb()))\n"
        ),
        blame="passed",
        checks=TRAINED,
    ),
    Case(
        id="ART-02",
        does="does so through joblib and NumPy, under the name that the judge reads",
        stage="train",
        files=_after_training(
            f"import joblib, numpy as np\n{TOUCHES_THE_HOST}"
            "joblib.dump(Bomb(), '/artifacts/model.joblib')\n"
            "np.save('/artifacts/model.npy', np.array([Bomb()], dtype=object))\n"
            "joblib.dump(Bomb(), '/artifacts/predictions.csv')\n"
        ),
        blame="failed",
        checks=_contract("artifact_rejected", rule="not-utf-8"),
        sees="M-CONTRACT",
    ),
    *(
        Case(
            id=f"ART-03{way}",
            does=f"leaves a link {does}",
            stage="train",
            files=_after_training(
                "import os\nos.remove('/artifacts/predictions.csv')\n"
                f"os.symlink({target!r}, '/artifacts/predictions.csv')\n"
            ),
            blame="failed",
            checks=UNREADABLE,
            sees="M-CONTRACT",
        )
        for way, does, target in (
            ("", "to a file of the system", "/etc/passwd"),
            ("/folder", "to a folder", "/etc"),
            ("/itself", "to itself", "predictions.csv"),
            ("/host", "to a file of the host", "@FILE@"),
        )
    ),
    *(
        Case(
            id=f"ART-04{way}",
            does=f"leaves a {does} where a file is expected",
            stage="train",
            files=_after_training(
                "import os, socket\npath = '/artifacts/predictions.csv'\nos.remove(path)\n" + text
            ),
            blame="failed",
            checks=UNREADABLE,
            sees="M-CONTRACT",
        )
        for way, does, text in (("", "socket", "socket.socket(socket.AF_UNIX).bind(path)\n"),)
    ),
    Case(
        id="ART-04/pipe",
        does="makes a pipe where a file is expected",
        stage="train",
        files=_after_training("import os\nos.mkfifo('/artifacts/pipe')\n"),
        checks={"trains": Says("error", "command_failed")},
    ),
    Case(
        id="ART-04/device",
        does="makes a device where a file is expected",
        stage="train",
        files=_after_training(
            "import os, stat\nos.mknod('/artifacts/zero', stat.S_IFCHR | 0o666, os.makedev(1, 5))\n"
        ),
        checks={"trains": Says("error", "command_failed")},
    ),
    *(
        Case(
            id=name,
            does=f"hands in an archive that {does}",
            archive=lambda entries=entries: _zip(entries),  # type: ignore[misc]
            refused=code,
            sees="M-UPLOAD",
        )
        for name, does, entries, code in REFUSED
    ),
    Case(
        id="ART-05/link",
        does="hands in an archive with a link to a file of the system",
        archive=lambda: _zip({"app/solution.py": b"/etc/passwd"}, kind=stat.S_IFLNK),
        refused="archive_special",
        sees="M-UPLOAD",
    ),
    Case(
        id="ART-06/overlap",
        does="hands in an archive whose entries share their bytes",
        archive=_overlapping,
        refused="archive_broken",
        sees="M-UPLOAD",
    ),
    Case(
        id="ART-06/nested",
        does="hands in an archive in an archive: the inner one is a file like any other",
        archive=_nested,
        blame="learner_error",
        checks={"is_there": Says("failed", "file_missing")},
    ),
    Case(
        id="ART-07",
        does="hands in a tape archive with a file through a link",
        archive=_tar,
        refused="archive_broken",
        sees="M-UPLOAD",
    ),
    Case(
        id="ART-08",
        does="hands in YAML that grows and that calls, and JSON nested 100,000 deep",
        files={
            "decision.yaml": "a: &a [x, x]\n"
            + "".join(
                f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "z: !!python/object/apply:os.system ['touch @FILE@']\n",
            "deep.json": "[" * 100_000,
        },
        blame="passed",
        checks={"adds": Says("passed"), "holds_later": Says("passed")},
    ),
    Case(
        id="ART-08/answer",
        does="answers with a list nested 100,000 deep",
        files={
            "app/honest.py": "@REFERENCE:app/solution.py@",
            "app/solution.py": "from app.honest import odd\ndef add(a, b):\n    deep = []\n"
            "    for _ in range(100_000): deep = [deep]\n    return deep\n",
        },
        checks={"adds": (Says("error", "rejected"), Says("error", "raised"))},
    ),
    *(
        Case(
            id=f"ART-08/{way}",
            does=f"leaves numbers {does}",
            stage="train",
            files=_after_training(f"open('/artifacts/metrics.json', 'w').write({text})\n"),
            blame="failed",
            checks=_contract(reason, **params),
            sees="M-CONTRACT",
        )
        for way, does, text, reason, params in METRICS
    ),
    Case(
        id="ART-10",
        does="leaves predictions of 2 GB",
        stage="train",
        files=_after_training(
            "with open('/artifacts/predictions.csv', 'ab') as file:\n"
            "    for _ in range(2000): file.write(b'1,0\\n' * 250_000)\n"
        ),
        blame="learner_limit",
        checks={"trains": Says("limit", "scratch_mb", {"limit": 16})},
        sees="M-DISK",
    ),
    Case(
        id="ART-10/columns",
        does="leaves predictions of millions of columns",
        stage="train",
        files=_predictions("lines[:8] + b',x' * 4_000_000"),
        blame="failed",
        checks={
            "trains": Says("passed"),
            "keeps_the_contract": Says("failed", "artifact_unreadable"),
        },
        sees="M-CONTRACT",
    ),
    Case(
        id="ART-10/cell",
        does="leaves predictions with one cell of 10 MB",
        stage="train",
        files=_predictions("lines + b'1,' + b'9' * 10_000_000"),
        blame="failed",
        checks={
            "trains": Says("passed"),
            "keeps_the_contract": Says("failed", "artifact_unreadable"),
        },
        sees="M-CONTRACT",
    ),
    *(
        Case(
            id=f"ART-10/{way}",
            does=f"leaves small predictions with {does}",
            stage="train",
            files=_predictions(expression),
            blame="failed",
            checks=_contract("artifact_over_limit", rule=rule, limit=limit),
            sees="M-CONTRACT",
        )
        for way, does, expression, rule, limit in (
            ("wide", "40,000 columns", "lines[:8] + b',x' * 40_000", "too-many-columns", 1_000),
            ("long", "a cell of 70 kB", "lines + b'1,' + b'9' * 70_000", "cell-too-long", 65_536),
        )
    ),
    Case(
        id="ART-11",
        does="leaves Parquet that declares trillions of rows in a few kilobytes",
        stage="train",
        files=_after_training(TRILLIONS),
        blame="failed",
        checks=_contract("artifact_over_limit", rule="too-many-rows", limit=1_000_000),
        sees="M-CONTRACT",
    ),
    Case(
        id="ART-11/text",
        does="leaves Parquet where text is expected",
        stage="train",
        files=_after_training(
            "import pandas as pd\n"
            "pd.DataFrame({'id': [1], 'score': [0.5]}).to_parquet('/artifacts/predictions.csv')\n"
        ),
        blame="failed",
        checks=_contract("artifact_rejected", rule="not-utf-8"),
        sees="M-CONTRACT",
    ),
    *(
        Case(
            id=f"ART-12/{way}",
            does=f"leaves predictions {does}",
            stage="train",
            files=_predictions(expression),
            blame="failed",
            checks=_contract(f"artifact_{kind}rejected", rule=rule, **place),
            sees="M-CONTRACT",
        )
        for way, does, expression, kind, rule, place in SPOILED
    ),
    Case(
        id="ART-12/newlines",
        does="leaves predictions with mixed ends of lines, which are read as lines",
        stage="train",
        files=_predictions("lines.replace(b'\\n', b'\\r\\n', 3)"),
        blame="passed",
        checks=TRAINED,
    ),
    Case(
        id="ART-13",
        does="asks for packages of its own, one of which runs code when it is built",
        files={
            "requirements.txt": "--extra-index"
            "-url http://127.0.0.1:@TCP4@/simple\n"
            "-e git+http://127.0.0.1:@TCP4@/x#egg=x\n./local\n",
            "local/setup.py": "open('@FILE@', 'a').write('touched')\n",
            "setup.py": "open('@FILE@', 'a').write('touched')\n",
            "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'evil'\n"
            "backend-path = ['local']\n",
        },
        blame="passed",
        checks={"adds": Says("passed"), "holds_later": Says("passed")},
    ),
    Case(
        id="ART-14",
        does="hands in a notebook that is too large",
        archive=lambda: _zip({"big.ipynb": bytes(range(256)) * 8_000}),
        refused="file_too_large",
        sees="M-UPLOAD",
    ),
    Case(
        id="ART-14/broken",
        does="hands in a notebook that is no JSON, and one of 10,000 cells",
        files={
            "broken.ipynb": '{"cells": [',
            "many.ipynb": '{"cells": [' + ", ".join(['{"outputs": ["x"]}'] * 10_000) + "]}",
        },
        blame="passed",
        checks={"adds": Says("passed"), "holds_later": Says("passed")},
    ),
    *(
        Case(
            id=f"ART-14/{way}",
            does=f"hands in a notebook {does}",
            stage="train",
            files={"notes.ipynb": text},
            blame="failed",
            checks=_contract(reason, path="notes.ipynb", **params),
            sees="M-CONTRACT",
        )
        for way, does, text, reason, params in NOTEBOOKS
    ),
    Case(
        id="ART-14/outputs",
        does="hands in a notebook that is all output, which nobody reads",
        stage="train",
        files={"notes.ipynb": OUTPUTS},
        blame="passed",
        checks=TRAINED,
    ),
)
