"""G2: eat up what neighbours need."""

from collections.abc import Iterator
from typing import Final

from tests.attack.case import Case, Evidence, Says

PROCESSES: Final = Says("limit", "processes", {"limit": 24})
MEMORY: Final = Says("limit", "memory_mb", {"limit": 384})
DISK: Final = (Says("limit", "scratch_mb", {"limit": 16}), Says("limit", "scratch_files"))
OUTPUT: Final = Says("limit", "output_kb", {"limit": 64})
WALL: Final = Says("timeout", "wall_seconds", {"limit": 4})
# On a busy host the wall comes before so much processor time is to be had: both say M-TIME.
TIME: Final = (Says("timeout", "cpu_seconds", {"limit": 2}), WALL)
LATE_SECONDS: Final = 2.0
LIMIT_SECONDS: Final = 4.0


def _add(body: str, before: str = "") -> dict[str, str]:
    """An `add` of these statements, in an otherwise honest module."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return {
        "app/solution.py": f"{before}\nfrom app.honest import odd\ndef add(a, b):\n{lines}\n"
    } | {"app/honest.py": "@REFERENCE:app/solution.py@"}


def _train(body: str) -> dict[str, str]:
    return {"app/train.py": body}


def _killed_in_time(evidence: Evidence) -> Iterator[str]:
    """SIGKILL comes at the limit, give or take what the supervisor needs."""
    seconds = evidence.check("adds")["duration_ms"] / 1000
    if seconds > LIMIT_SECONDS + LATE_SECONDS:
        yield f"it was ended after {seconds:.1f} s"


def _short_output(evidence: Evidence) -> Iterator[str]:
    """What is shown of endless output is short and printable text."""
    shown = max(len(each["output"]) for each in evidence.report["checks"])
    if shown > 5_000:
        yield f"{shown} characters of output are shown"


CASES: Final = (
    Case(
        id="RES-01",
        does="forks without end",
        files=_add("while True: os.fork()", "import os"),
        blame="learner_limit",
        checks={"adds": PROCESSES},
        sees="M-PROC",
    ),
    Case(
        id="RES-01/patient",
        does="forks without end, and waits where it is refused",
        stage="train",
        files=_train(
            "import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)\n"
        ),
        blame="learner_limit",
        checks={"trains": PROCESSES},
        sees="M-PROC",
    ),
    Case(
        id="RES-02",
        does="starts 10,000 threads that sleep",
        files=_add(
            "for _ in range(10_000): threading.Thread(target=time.sleep, args=(60,)).start()",
            "import threading, time",
        ),
        blame="learner_limit",
        checks={"adds": PROCESSES},
        sees="M-PROC",
    ),
    Case(
        id="RES-03",
        does="grows a bytearray to 100 GB",
        files=_add("x = bytearray()\nwhile len(x) < 10**11: x += bytes(10**7)"),
        blame="learner_limit",
        checks={"adds": MEMORY},
        sees="M-MEM",
    ),
    Case(
        id="RES-03/crowd",
        does="does it in sixteen processes, each below the limit",
        stage="train",
        files=_train(
            "import os, time\nfor _ in range(16):\n    if os.fork() == 0:\n"
            "        x = bytearray(60 * 10**6); x[::4096] = b'1' * len(x[::4096]); time.sleep(30)\n"
            "time.sleep(30)\n"
        ),
        blame="learner_limit",
        checks={"trains": MEMORY},
        sees="M-MEM",
    ),
    Case(
        id="RES-04",
        does="fills /dev/shm and /tmp with zeros",
        files=_add(
            "for path in ('/dev/shm/full', '/tmp/full'):\n"
            "    with open(path, 'wb') as file:\n"
            "        for _ in range(1000): file.write(bytes(10**6))"
        ),
        blame="learner_limit",
        checks={"adds": DISK},
        sees="M-DISK",
    ),
    Case(
        id="RES-05",
        does="computes on as many processes as it gets, each below any limit of its own",
        files=_add(
            "for _ in range(16):\n"
            "    if os.fork() == 0: break\n"
            "until = time.monotonic() + 60\n"
            "while time.monotonic() < until: pass",
            "import os, time",
        ),
        blame="learner_limit",
        checks={"adds": TIME},
        sees="M-TIME",
    ),
    Case(
        id="RES-05/64",
        does="asks for 64 of them",
        files=_add(
            "for _ in range(64):\n"
            "    if os.fork() == 0: break\n"
            "until = time.monotonic() + 60\n"
            "while time.monotonic() < until: pass",
            "import os, time",
        ),
        blame="learner_limit",
        checks={"adds": (PROCESSES, *TIME)},
    ),
    Case(
        id="RES-06",
        does="sleeps for days and takes no notice of signals",
        files=_add(
            "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU, signal.SIGALRM):\n"
            "    signal.signal(number, signal.SIG_IGN)\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
            "time.sleep(1e6)",
            "import signal, time",
        ),
        blame="learner_limit",
        checks={"adds": WALL},
        also=_killed_in_time,
        sees="M-TIME",
    ),
    Case(
        id="RES-07",
        does="prints without end",
        files=_add("while True: print('x' * 100_000)"),
        blame="learner_limit",
        checks={"adds": OUTPUT},
        also=_short_output,
        sees="M-OUT",
    ),
    Case(
        id="RES-08",
        does="prints one line of 500 MB, of any bytes",
        stage="train",
        files=_train(
            "import os\npiece = bytes(range(256)).replace(b'\\n', b'') * 4096\n"
            "for _ in range(500): os.write(1, piece)\n"
        ),
        blame="learner_limit",
        checks={"trains": OUTPUT},
        also=_short_output,
        sees="M-OUT",
    ),
    Case(
        id="RES-09",
        does="makes ten million empty files",
        files=_add("for number in range(10**7): open(f'/tmp/{number}', 'w').close()"),
        blame="learner_limit",
        checks={"adds": DISK},
        sees="M-DISK",
    ),
    Case(
        id="RES-10",
        does="writes one file of 100 GB",
        files=_add(
            "with open('/tmp/huge', 'wb') as file:\n    while True: file.write(bytes(10**6))"
        ),
        blame="learner_limit",
        checks={"adds": DISK},
        sees="M-DISK",
    ),
    Case(
        id="RES-10/reserve",
        does="reserves one file of 100 GB",
        files=_add(
            "import errno, os\nfrom app.telling import tell\n"
            "file = os.open('/tmp/huge', os.O_CREAT | os.O_RDWR)\nrefused = 0\n"
            "try: os.posix_fallocate(file, 0, 10**11)\n"
            "except OSError as error: refused = error.errno\n"
            "tell(refused=refused in (errno.EFBIG, errno.ENOSPC), blocks=os.fstat(file).st_blocks)"
        ),
        checks={"adds": Says("error", "raised", {"error": "Seen"})},
        seen={"refused": True, "blocks": 0},
    ),
    Case(
        id="RES-11",
        does="opens files, pipes and sockets until there are no more, and keeps them",
        files=_add(
            "kept = []\n"
            "while True: kept.append((open('/dev/null'), os.pipe(), socket.socket(socket.AF_UNIX)))",
            "import os, socket",
        ),
        checks={"adds": Says("error", "raised", {"error": "OSError"})},
        sees="M-CRASH",
    ),
    Case(
        id="RES-12",
        does="computes without end while it is imported",
        files=_add("return a + b", "while True: pass"),
        blame="learner_limit",
        checks={"adds": TIME},
        sees="M-TIME",
    ),
    Case(
        id="RES-12/del",
        does="computes without end in __del__, when its work is done",
        stage="train",
        files={
            "app/honest_train.py": "@REFERENCE:app/train.py@",
            "app/train.py": "import runpy\nrunpy.run_module('app.honest_train', run_name='__main__')\n"
            "class Late:\n    def __del__(self):\n        while True: pass\nlate = Late()\ndel late\n",
        },
        blame="learner_limit",
        checks={"trains": TIME},
        sees="M-TIME",
    ),
    Case(
        id="RES-12/unpickled",
        does="computes without end while its own model is unpickled, in the hidden phase",
        stage="train",
        files={
            "app/honest_train.py": "@REFERENCE:app/train.py@",
            "app/train.py": "import pickle, runpy\nfrom app.heavy import Heavy\n"
            "runpy.run_module('app.honest_train', run_name='__main__')\n"
            "pickle.dump(Heavy(), open('/artifacts/model.pkl', 'wb'))\n",
            "app/heavy.py": "def spin():\n    while True: pass\n"
            "class Heavy:\n    def __reduce__(self): return spin, ()\n",
            "app/model.py": "import pickle\n"
            "def predict(rows): return pickle.load(open('/artifacts/model.pkl', 'rb'))\n",
        },
        blame="learner_limit",
        checks={"trains": Says("passed"), "predicts_later": TIME},
        sees="M-TIME",
    ),
    Case(
        id="RES-13",
        does="overflows the C stack",
        files=_add(
            "sys.setrecursionlimit(10**9)\n"
            "deep = []\n"
            "for _ in range(10**6): deep = [deep]\n"
            "return len(pickle.dumps(deep)) and eval('(' * 0 + repr(deep))",
            "import pickle, sys",
        ),
        checks={
            "adds": (
                Says("error", "crashed", {"ending": "SIGSEGV"}),
                Says("error", "raised", {"error": "RecursionError"}),
            )
        },
        sees="M-CRASH",
    ),
    Case(
        id="RES-13/bytecode",
        does="runs bytecode that is none",
        files=_add(
            "code = (lambda: None).__code__.replace(co_code=bytes([100, 255] * 64), co_consts=())\n"
            "return (lambda: None).__class__(code, {})()"
        ),
        checks={"adds": (Says("error", "crashed"), Says("error", "raised"))},
        sees="M-CRASH",
    ),
    Case(
        id="RES-13/null",
        does="writes to address 0, and asks for a core file",
        files=_add(
            "try: resource.setrlimit(resource.RLIMIT_CORE, (10**9, 10**9))\n"
            "except (OSError, ValueError): pass\n"
            "ctypes.memset(0, 1, 1)",
            "import ctypes, resource",
        ),
        checks={"adds": Says("error", "crashed", {"ending": "SIGSEGV"})},
        sees="M-CRASH",
    ),
)
