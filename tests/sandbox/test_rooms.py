"""What every shell promises: the contract of `sandbox.interface`, over a real room."""

import json
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.interface import (
    Frame,
    Limits,
    Network,
    SandboxError,
    ServiceDown,
    Stopped,
    Unreadable,
)
from tests.sandbox.conftest import IN_DOCKER, LIMITS, Host

SERVER = b"""
import http.server, json, sys

class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"path": self.path, "colour": self.headers.get("X-Colour")})
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            import os; os._exit(3)
        if body == b"sleep":
            import time; time.sleep(60)
        self.answer({"sum": sum(json.loads(body))}, status=201)
    def answer(self, value, status=200):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", 8000), Service).serve_forever()
"""


def test_unseeded_numbers_differ_from_room_to_room(sandbox: RunnerSandbox) -> None:
    drawn = []
    for _ in range(2):
        with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            source = "import numpy, random; print(numpy.random.random(), random.random())"
            drawn.append(room.run("python", "-c", source).stdout.split())
    assert len(drawn[0]) == 2
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def test_a_command_tells_its_code_and_both_outputs(room: RunnerRoom) -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    finished = room.run("python", "-c", script)
    assert (finished.exit_code, finished.signal, finished.stopped) == (3, None, None)
    assert (finished.stdout, finished.stderr) == (b"out\n", b"err\n")
    assert not finished.ok
    assert 0 < finished.usage.wall_seconds < 10


def test_a_file_runs_as_python_would_run_it(room: RunnerRoom) -> None:
    room.upload(
        {
            "tools/job.py": b"import sys, helper\nprint(__name__, __file__, sys.argv, helper.X)",
            "tools/helper.py": b"X = 7",
        }
    )
    finished = room.run("python", "tools/job.py", "--fast", "1")
    assert finished.stdout == b"__main__ tools/job.py ['tools/job.py', '--fast', '1'] 7\n"


def test_a_module_runs_as_python_would_run_it(room: RunnerRoom) -> None:
    room.upload(
        {
            "app/__init__.py": b"",
            "app/job.py": b"import sys; print(__name__, __package__, sys.argv[1:])",
        }
    )
    assert room.run("python", "-m", "app.job", "x").stdout == b"__main__ app ['x']\n"
    missing = room.run("python", "-m", "app.nothing")
    assert missing.exit_code == 1
    assert b"No module named app.nothing" in missing.stderr


def test_a_traceback_shows_the_learners_frames_only(room: RunnerRoom) -> None:
    room.upload({"job.py": b"def f():\n    return 1 / 0\nf()\n"})
    finished = room.run("python", "job.py")
    assert finished.exit_code == 1
    lines = finished.stderr.decode().splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert (
        lines[1] == '  File "/project/job.py", line 3, in <module>'
        or '"job.py", line 3' in lines[1]
    )
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "/runtime/code" not in finished.stderr.decode()


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit('no')", 1),
        ("raise SystemExit(300)", 44),
        ("os._exit(5)", 5),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_exit_codes_are_pythons(room: RunnerRoom, ending: str, code: int) -> None:
    assert room.run("python", "-c", f"import os, sys; {ending}").exit_code == code


def test_a_signal_is_told_as_a_signal(room: RunnerRoom) -> None:
    finished = room.run("python", "-c", "import ctypes; ctypes.string_at(0)")
    assert (finished.exit_code, finished.signal) == (None, 11)


def test_exit_hooks_and_threads_end_as_in_python(room: RunnerRoom) -> None:
    script = (
        "import atexit, threading, time\natexit.register(print, 'hook')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\nprint('main')"
    )
    assert room.run("python", "-c", script).stdout == b"main\nthread\nhook\n"


def test_standard_input_is_what_was_given(room: RunnerRoom) -> None:
    big = b"x" * 300_000
    script = "import sys; print(len(sys.stdin.buffer.read()))"
    assert room.run("python", "-c", script, stdin=big).stdout == b"300000\n"
    assert room.run("python", "-c", script).stdout == b"0\n"


def test_other_commands_replace_the_process(room: RunnerRoom) -> None:
    room.upload({"bad.py": b"import os\n"})
    finished = room.run("ruff", "check", "--no-cache", "--output-format", "concise", "bad.py")
    assert finished.exit_code == 1
    assert b"F401" in finished.stdout
    assert room.run("no-such-tool").exit_code == 127


def test_pytest_runs_in_the_warm_interpreter(room: RunnerRoom) -> None:
    room.upload(
        {
            "app.py": b"def double(x): return 2 * x",
            "tests/test_app.py": b"from app import double\ndef test_one(): assert double(2) == 4\ndef test_two(): assert double(1) == 3",
        }
    )
    finished = room.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert finished.exit_code == 1
    assert b"1 failed, 1 passed" in finished.stdout
    assert b"assert 2 == 3" in finished.stdout
    assert b"warning" not in finished.stdout.lower()


@pytest.mark.parametrize("folder", ["", "src/"])
def test_a_plugin_that_a_project_carries_as_a_package_is_found(
    room: RunnerRoom, folder: str
) -> None:
    plugin = b"import pytest\n@pytest.fixture\ndef seven():\n    return 7\n"
    room.upload(
        {
            f"{folder}own.py": plugin,
            f"{folder}own-1.0.dist-info/METADATA": b"Name: own\nVersion: 1.0\n",
            f"{folder}own-1.0.dist-info/entry_points.txt": b"[pytest11]\nown = own\n",
            "pytest.ini": b"[pytest]\npythonpath = src\n",
            "test_own.py": b"def test_own(seven):\n    assert seven == 7\n",
        }
    )
    finished = room.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert (finished.exit_code, b"1 passed" in finished.stdout) == (0, True)


def test_much_output_does_not_hold_up_who_writes_it(sandbox: RunnerSandbox) -> None:
    script = "import sys\nfor _ in range(200):\n    sys.stdout.write('x' * 10_000 + '\\n')"
    limits = replace(LIMITS, output_kb=4096)
    with sandbox.open(runtime="python-ml", limits=limits) as room:
        finished = room.run("python", "-c", script)
    assert (finished.stopped, finished.exit_code, len(finished.stdout)) == (None, 0, 200 * 10_001)


def test_the_environment_is_the_allow_list_and_nothing_else(sandbox: RunnerSandbox) -> None:
    limits = LIMITS
    with sandbox.open(
        runtime="python-ml", limits=limits, seed=11, now="2024-05-01T00:00:00Z"
    ) as room:
        finished = room.run(
            "python",
            "-c",
            "import json, os; print(json.dumps(dict(os.environ)))",
            env={"EXTRA": "1"},
        )
    assert json.loads(finished.stdout) == {
        "PATH": "/runtime/bin",
        "HOME": "/tmp",  # noqa: S108, of the room
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "SIM_DATA": "/data",
        "SIM_ARTIFACTS": "/artifacts",
        "SIM_SEED": "11",
        "SIM_NOW": "2024-05-01T00:00:00Z",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "EXTRA": "1",
    }


def test_hashes_are_the_same_in_every_room(sandbox: RunnerSandbox) -> None:
    said = set()
    for _ in range(3):
        with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            said.add(room.run("python", "-c", "print(hash('word'))").stdout)
    assert len(said) == 1


def test_only_the_named_dataset_is_there_and_read_only(sandbox: RunnerSandbox) -> None:
    script = (
        "import os, pandas as pd\nprint(os.listdir('/data'), len(pd.read_parquet('/data/users.parquet')))\n"
        "try: print(os.listdir('/warehouse'))\nexcept OSError: print(False)\nopen('/data/x', 'w')"
    )
    with sandbox.open(runtime="python-ml", limits=LIMITS, data="other") as room:
        finished = room.run("python", "-c", script)
    assert finished.stdout == b"['users.parquet'] 5\nFalse\n"
    assert b"Read-only file system" in finished.stderr
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        assert room.run("python", "-c", "import os; print(os.listdir('/data'))").stdout == b"[]\n"


@pytest.mark.parametrize("data", ["nothing", "../truth", "", "small/..", "."])
def test_an_unknown_dataset_opens_no_room(sandbox: RunnerSandbox, data: str) -> None:
    with (
        pytest.raises(SandboxError, match="no dataset"),
        sandbox.open(runtime="python-ml", limits=LIMITS, data=data),
    ):
        pass


def test_limits_above_the_operators_open_no_room(sandbox: RunnerSandbox) -> None:
    with (
        pytest.raises(SandboxError, match="memory_mb"),
        sandbox.open(runtime="python-ml", limits=Limits(memory_mb=10**6)),
    ):
        pass


@pytest.mark.parametrize("name", ["python-none", "../x", ""])
def test_an_unknown_runtime_opens_no_room(sandbox: RunnerSandbox, name: str) -> None:
    with pytest.raises(SandboxError), sandbox.open(runtime=name, limits=LIMITS):
        pass


def test_a_call_keeps_its_process_and_its_state(room: RunnerRoom) -> None:
    room.upload({"app/model.py": b"N = 0\ndef count():\n    global N\n    N += 1\n    return N\n"})
    assert [room.call("app.model:count").value for _ in range(3)] == [1, 2, 3]
    assert room.run("python", "-c", "print(1)").ok
    assert room.call("app.model:count").value == 4


def test_a_call_takes_and_gives_tables(room: RunnerRoom) -> None:
    room.upload({"m.py": b"def f(frame, k): return frame.assign(double=frame['n'] * k)"})
    table = pa.table(
        {"n": [1, 2], "s": ["a", "\u0436"], "t": pa.array([0, 10**9], pa.timestamp("us"))}
    )
    returned = room.call("m:f", table, k=2)
    assert returned.ok, returned
    assert isinstance(returned.value, pa.Table)
    assert returned.value.to_pydict() == {**table.to_pydict(), "double": [2, 4]}


def test_what_numpy_and_pandas_hold_comes_out_whole(room: RunnerRoom) -> None:
    room.upload(
        {
            "m.py": b"""
import numpy as np, pandas as pd
def array(): return np.array([1.5, float('nan')])
def grid(): return np.array([[1, 2], [3, 4]])
def series(): return pd.Series(['a', None, 'b'], name='word')
def scalar(): return {'x': np.float64(1.5), 'n': np.int64(3), 'b': np.bool_(True)}
def indexed(): return pd.DataFrame({'v': [1.0]}, index=pd.Index([7], name='id'))
def kinds():
    return pd.DataFrame({
        'i8': np.array([1, 2], 'i1'), 'u64': np.array([1, 2**63], 'u8'), 'b': [True, False], 'f4': np.array([1, 2], 'f4'),
        'I': pd.array([1, None], 'Int64'), 'B': pd.array([True, None], 'boolean'), 'c': pd.Categorical(['x', 'y']),
        'when': pd.to_datetime(['2024-01-01', None]), 'zone': pd.to_datetime(['2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z']),
        'long': pd.to_timedelta([1, 2], 'D'), 'e': ['', 'x'], 'mixed': [None, 'x'], 'day': np.array(['2024-01-01', '2024-01-02'], 'M8[D]'),
    })
def empty(): return pd.DataFrame({'a': pd.Series([], dtype='float64'), 's': pd.Series([], dtype='str')})
"""
        }
    )
    array = room.call("m:array").value
    assert isinstance(array, pa.Table)
    assert array["value"].to_pylist()[0] == 1.5
    assert pd.isna(array["value"].to_pylist()[1])
    assert room.call("m:grid").value.to_pydict() == {"0": [1, 3], "1": [2, 4]}  # type: ignore[union-attr]
    assert room.call("m:series").value.to_pydict() == {"word": ["a", None, "b"]}  # type: ignore[union-attr]
    assert room.call("m:scalar").value == {"x": 1.5, "n": 3, "b": True}
    assert room.call("m:indexed").value.to_pydict() == {"id": [7], "v": [1.0]}  # type: ignore[union-attr]
    returned = room.call("m:kinds")
    assert returned.ok, returned
    frame = returned.value.to_pandas()  # type: ignore[union-attr]
    assert frame["u64"].tolist() == [1, 2**63]
    assert frame["c"].tolist() == ["x", "y"]
    assert frame["when"].isna().tolist() == [False, True]
    assert str(frame["zone"].dt.tz) == "UTC"
    assert frame["long"].tolist() == [pd.Timedelta(days=1), pd.Timedelta(days=2)]
    empty = room.call("m:empty").value
    assert empty.num_rows == 0  # type: ignore[union-attr]


def test_an_exception_of_a_call_is_told_with_the_learners_frames(room: RunnerRoom) -> None:
    room.upload(
        {"app/__init__.py": b"", "app/m.py": b"import json\ndef f(x):\n    return json.loads(x)\n"}
    )
    returned = room.call("app.m:f", "{")
    assert returned.raised
    assert returned.raised.type == "JSONDecodeError"
    assert returned.raised.frames == (Frame(path="app/m.py", line=3, function="f"),)
    assert room.call("app.m:nothing").raised.type == "AttributeError"  # type: ignore[union-attr]
    assert room.call("app.none:f").raised.type == "ModuleNotFoundError"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "crashed"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
def test_a_process_that_dies_in_a_call_is_a_crash(
    room: RunnerRoom, body: str, crashed: str
) -> None:
    room.upload({"m.py": f"def f():\n    {body}\ndef g(): return 1\n".encode()})
    returned = room.call("m:f")
    assert (returned.crashed, returned.ok) == (crashed, False)
    assert room.call("m:g").value == 1


def test_sys_exit_in_a_call_is_an_exception_like_any_other(room: RunnerRoom) -> None:
    room.upload({"m.py": b"import sys\ndef f(): sys.exit(0)\n"})
    assert room.call("m:f").raised.type == "SystemExit"  # type: ignore[union-attr]


def test_what_a_call_prints_is_its_output(room: RunnerRoom) -> None:
    room.upload(
        {
            "m.py": b"import sys\ndef f(n):\n    print('said', n); print('loud', file=sys.stderr); return n\n"
        }
    )
    first, second = room.call("m:f", 1), room.call("m:f", 2)
    assert (first.stdout, first.stderr, second.stdout) == (b"said 1\n", b"loud\n", b"said 2\n")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("none.txt", "no such file"),
        ("big.bin", "larger than"),
        ("link", "symbolic link"),
        ("socket", "no regular file"),
        ("sub", "no regular file|folder"),
        ("twice", "more than one name"),
        ("../etc/passwd", "leaves the project"),
        ("/etc/passwd", "only files of"),
        ("sub/link/passwd", "symbolic link"),
        ("/project", "folder"),
    ],
)
def test_only_plain_files_are_read(room: RunnerRoom, path: str, rule: str) -> None:
    script = (
        "import os\nopen('big.bin', 'wb').write(bytes(2000))\nos.symlink('/etc/passwd', 'link')\nimport socket; socket.socket(socket.AF_UNIX).bind('socket')\n"
        "os.mkdir('sub')\nos.symlink('/etc', 'sub/link')\nopen('one', 'w').close()\nos.link('one', 'twice')"
    )
    assert room.run("python", "-c", script).ok
    with pytest.raises(Unreadable, match=rule):
        room.read(path, max_bytes=1000)


def test_a_folder_is_read_whole_or_not_at_all(room: RunnerRoom) -> None:
    script = "import os; os.makedirs('/artifacts/a/b'); open('/artifacts/a/b/m.bin', 'wb').write(b'\\0model'); open('/artifacts/x', 'w').write('1')"
    assert room.run("python", "-c", script).ok
    assert room.files("/artifacts", max_files=10, max_bytes=1000) == {
        "a/b/m.bin": b"\0model",
        "x": b"1",
    }
    with pytest.raises(Unreadable, match="too many"):
        room.files("/artifacts", max_files=1, max_bytes=1000)
    with pytest.raises(Unreadable, match="larger"):
        room.files("/artifacts", max_files=10, max_bytes=3)
    with pytest.raises(Unreadable, match="no such"):
        room.files("/artifacts/none", max_files=10, max_bytes=1000)


def test_artefacts_travel_from_one_room_to_the_next(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime="python-ml", limits=LIMITS) as first:
        first.run("python", "-c", "open('/artifacts/model', 'w').write('weights')")
        kept = first.files("/artifacts", max_files=5, max_bytes=100)
    with sandbox.open(runtime="python-ml", limits=LIMITS) as second:
        second.upload({f"/artifacts/{name}": content for name, content in kept.items()})
        assert (
            second.run("python", "-c", "print(open('/artifacts/model').read())").stdout
            == b"weights\n"
        )


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "/project", "a\0b"])
def test_an_unsafe_path_is_not_uploaded(room: RunnerRoom, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        room.upload({path: b""})


def test_an_upload_does_not_follow_a_planted_link(room: RunnerRoom) -> None:
    room.run(
        "python",
        "-c",
        "import os; os.symlink('/artifacts', 'sub'); os.symlink('/artifacts/x', 'file')",
    )
    for path in ("sub/x", "file"):
        with pytest.raises(ValueError, match=path):
            room.upload({path: b"planted"})
    assert room.files("/artifacts", max_files=5, max_bytes=100) == {}


def test_a_service_answers_and_is_timed_outside(room: RunnerRoom) -> None:
    room.upload({"service.py": SERVER})
    with room.serve("python", "service.py", port=8000) as service:
        answer = service.request("GET", "/health?x=1", headers={"X-Colour": "red"})
        assert (answer.status, json.loads(answer.body)) == (
            200,
            {"path": "/health?x=1", "colour": "red"},
        )
        posted = service.request("POST", "/sum", b"[1, 2]")
        assert (posted.status, json.loads(posted.body)) == (201, {"sum": 3})
        assert 0 < posted.seconds < 5
        finished = service.close()
    assert finished.stdout == b"listening\n"
    assert room.run("python", "-c", "print('still open')").stdout == b"still open\n"


def test_a_service_that_dies_or_hangs_is_down(room: RunnerRoom) -> None:
    room.upload({"service.py": SERVER})
    limits = Limits(wall_seconds=2, cpu_seconds=5, memory_mb=512, processes=24, scratch_mb=16)
    with room.serve("python", "service.py", port=8000) as service:
        with pytest.raises(ServiceDown):
            service.request("POST", "/", b"die")
        with pytest.raises(ServiceDown):
            service.request("GET", "/")
        assert service.close().exit_code == 3
    with (
        room.serve("python", "service.py", port=8000, limits=limits) as service,
        pytest.raises(ServiceDown),
    ):
        service.request("POST", "/", b"sleep")


def test_a_service_that_never_listens_says_how_it_ended(room: RunnerRoom) -> None:
    with (
        pytest.raises(ServiceDown) as down,
        room.serve("python", "-c", "print('no'); raise SystemExit(4)", port=8000),
    ):
        pass
    assert down.value.finished
    assert (down.value.finished.exit_code, down.value.finished.stdout) == (4, b"no\n")
    limits = Limits(wall_seconds=0.5, cpu_seconds=5, memory_mb=512, processes=24, scratch_mb=16)
    with (
        pytest.raises(ServiceDown) as down,
        room.serve("python", "-c", "import time; time.sleep(9)", port=8000, limits=limits),
    ):
        pass
    assert down.value.finished
    assert down.value.finished.stopped is Stopped.WALL


def test_loopback_is_there_only_where_it_is_allowed(sandbox: RunnerSandbox) -> None:
    script = "import socket; a = socket.create_server(('127.0.0.1', 0)); socket.create_connection(a.getsockname()); print('met')"
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        assert b"met" not in room.run("python", "-c", script).stdout
        with pytest.raises(ValueError, match="loopback"):
            room.run("python", "-c", script, limits=Limits(network=Network.LOOPBACK))
    with sandbox.open(runtime="python-ml", limits=Limits(network=Network.LOOPBACK)) as room:
        assert room.run("python", "-c", script).stdout == b"met\n"


@pytest.mark.parametrize(
    "library",
    [
        "import numpy as np; assert (np.linalg.svd(np.random.rand(300, 300))[1] > 0).all()",
        "import pandas as pd; assert pd.DataFrame({'a': [1, 1], 'b': [1, 2]}).groupby('a').b.sum().item() == 3",
        "import pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.table({'a': range(100000)}), 'x.parquet'); assert pq.read_table('x.parquet').num_rows == 100000",
        "import pyarrow.compute as pc, pyarrow as pa; assert pc.sum(pa.array(range(1000))).as_py() == 499500",
        "from sklearn.ensemble import RandomForestClassifier as F; from sklearn.datasets import make_classification as m; X, y = m(500); assert F(n_jobs=2).fit(X, y).score(X, y) > .9",
        "from sklearn.ensemble import HistGradientBoostingClassifier as F; from sklearn.datasets import make_classification as m; X, y = m(500); assert F().fit(X, y).score(X, y) > .9",
        "import lightgbm as l; from sklearn.datasets import make_classification as m; X, y = m(500); assert l.LGBMClassifier(n_jobs=2, verbose=-1).fit(X, y).score(X, y) > .9",
        "import scipy.stats; assert scipy.stats.norm.cdf(0) == .5",
        "import multiprocessing as m; p = m.Pool(2); assert p.map(abs, [-1, 2]) == [1, 2]; p.close(); p.join()",
        "from concurrent.futures import ThreadPoolExecutor as T; assert list(T(4).map(abs, [-1, 2])) == [1, 2]",
        "from joblib import Parallel, delayed; assert Parallel(2)(delayed(abs)(x) for x in [-1, 2]) == [1, 2]",
        "import subprocess, sys; assert subprocess.run([sys.executable, '-c', 'import simkit, numpy; print(1)'], capture_output=True, check=True).stdout == b'1\\n'",
        "import sqlite3; assert sqlite3.connect('x.db').execute('select 1').fetchone() == (1,)",
        "import zoneinfo, pandas as pd; assert pd.Timestamp('2024-01-01', tz=zoneinfo.ZoneInfo('Europe/Moscow')).utcoffset().seconds == 10800",
        "import clickhouse_connect as c; assert c.get_client(interface='chdb').query('select sum(number) from numbers(10)').result_rows == [(45,)]",
        "import asyncio; asyncio.run(asyncio.sleep(0.01)); import unittest.mock, tempfile; tempfile.TemporaryFile().write(b'x')",
    ],
)
def test_every_library_of_the_runtime_works_in_a_forked_room(
    room: RunnerRoom, library: str
) -> None:
    finished = room.run("python", "-c", library)
    assert finished.ok, (finished.stopped, finished.signal, finished.stderr[-2000:])
    assert finished.stderr == b""


def test_chdb_is_not_in_the_template(room: RunnerRoom) -> None:
    script = "import sys; print([name for name in ('numpy', 'lightgbm', 'chdb', 'sandbox') if name in sys.modules])"
    assert room.run("python", "-c", script).stdout == b"['numpy', 'lightgbm']\n"


def test_the_health_says_what_runs(host: Host) -> None:
    health = host.sandbox.health()
    assert health["ok"]
    assert health["shell"] == ("docker" if host.kind in IN_DOCKER else "bubblewrap")
    assert health["rooms_kind"] == ("container" if host.kind == "container" else "nested")
    assert health["rooms_why"]
    assert health["development_only"] == (host.kind == "plain user")
    assert health["timings"]["ready_ms"] > 0
