"""The rehearsal of a template leaves the interpreter as it was, but warmer."""

import json
import subprocess
import sys

from simulator.environment import ROOT

LOOK = """
import faulthandler, json, logging, os, signal, sys, threading, warnings

import pytest

from sandbox.agent import rehearsal


def state():
    return {
        "modules": [name for name in sys.modules if not name.startswith("_pytest.")],
        "path": sys.path[:],
        "finders": [str(each) for each in sys.meta_path],
        "environment": dict(os.environ),
        "filters": [str(each) for each in warnings.filters],
        "handlers": [str(each) for each in logging.root.handlers],
        "hooks": [str(each) for each in (sys.excepthook, sys.unraisablehook, sys.displayhook,
                  threading.excepthook, sys.stdout, sys.stderr, sys.stdin, warnings.showwarning)],
        "signals": [str(signal.getsignal(each)) for each in signal.valid_signals()],
        "faults": faulthandler.is_enabled(),
        "threads": threading.active_count(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "folder": os.getcwd(),
    }


first = rehearsal.rehearse()  # imports what pytest imports late, which the templates' list has
before = state()
second = rehearsal.rehearse()
print(json.dumps({"said": [first, second], "before": before, "after": state()}))
"""


def test_the_rehearsal_passes_and_leaves_nothing_behind() -> None:
    words = [sys.executable, "-B", "-s", "-P", "-c", LOOK]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["said"] == ["", ""]
    assert told["after"] == told["before"]
    assert told["before"]["modules"]


def test_without_pytest_there_is_nothing_to_rehearse() -> None:
    script = "import sys; from sandbox.agent import rehearsal; "
    script += "print([rehearsal.rehearse(), 'pytest' in sys.modules])"
    words = [sys.executable, "-B", "-c", script]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['', False]\n"
