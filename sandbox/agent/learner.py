"""A learner's own process: what happens after the walls are up. Everything here is the learner's.

A Python command runs in this already warm interpreter as `python` would run it; any other command
replaces the process.
"""

import atexit
import builtins
import io
import os
import runpy
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Mapping, Sequence

PYTHONS = ("python", "python3", "/runtime/bin/python")
ANSWER_TO_INTERRUPTS = signal.default_int_handler
OURS: list[str] = []  # the modules of ours that a learner's process forgets


def list_ours() -> None:
    """List our modules, once a template: to look through all would copy a page for each name."""
    OURS[:] = [name for name in sys.modules if name.partition(".")[0] == "sandbox"]


def become(environment: Mapping[str, str], *, standard: Sequence[int]) -> None:
    """Take the standard streams, the folder and the environment of a learner's process."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir("/project")
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, ANSWER_TO_INTERRUPTS)
    _new_streams()
    _draw_anew()
    for name in OURS:
        del sys.modules[name]
    sys.path[:] = ["/project", *(p for p in sys.path if p and not p.startswith("/runtime/code"))]
    sys.path.append("/runtime/code/learner")


def run(command: Sequence[str]) -> int:
    """Run a command to its end, and return the exit code."""
    if command[0] not in PYTHONS:
        return _replace(command)
    words = list(command[1:])
    while words and words[0] in {"-u", "-B", "-I", "-s", "-E", "-P"}:
        words.pop(0)
    if words[:1] == ["-m"] and len(words) > 1:
        module = words[1]
        return ending(lambda: _module(module), argv=words[1:])
    if words[:1] == ["-c"] and len(words) > 1:
        source = words[1]
        return ending(lambda: _source(source, "<string>"), argv=["-c", *words[2:]])
    if words and not words[0].startswith("-"):
        return ending(lambda: _file(words[0]), argv=words)
    return _replace(["/runtime/bin/python", *command[1:]])


def ending(work: Callable[[], object], *, argv: Sequence[str]) -> int:
    """Do the work as the main module, and end as the interpreter would: code, text, hooks."""
    sys.argv[:] = list(argv)
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.modules["__main__"].__dict__.update(__builtins__=builtins, __doc__=None)
    try:
        work()
        code = 0
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:  # noqa: BLE001 - this is the learner's process; it ends here
        error.__traceback__ = _without_us(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    return _last_things(code)


def _replace(command: Sequence[str]) -> int:
    _flush()
    try:
        os.execvpe(command[0], list(command), dict(os.environ))  # noqa: S606 - the learner's own
    except FileNotFoundError:
        os.write(2, f"{command[0]}: command not found\n".encode())
        return 127
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        return 126


def _draw_anew() -> None:
    """Seed NumPy's global generator as a new interpreter would: all rooms were born with one."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _new_streams() -> None:
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    setattr(sys, "__stdin__", sys.stdin)  # noqa: B010 - typed as final
    for name, number, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        buffer = io.BufferedWriter(io.FileIO(number, "wb", closefd=False))
        stream = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=name == "stderr")
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _module(name: str) -> None:
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]  # noqa: SLF001 - what `python -m` itself calls


def _file(path: str) -> None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as the interpreter does it
            source = file.read()
    except OSError as error:
        os.write(2, f"python: can't open file {path!r}: {error.strerror}\n".encode())
        raise SystemExit(2) from None
    sys.path[0] = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - as the interpreter does it
    if sys.path[0] != "/project":
        sys.path.insert(1, "/project")
    _source(source, path)


def _source(source: bytes | str, path: str) -> None:
    scope = sys.modules["__main__"].__dict__
    if path != "<string>":
        scope["__file__"] = path
    exec(compile(source, path, "exec", dont_inherit=True), scope)  # noqa: S102 - this is the learner's process


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)  # noqa: T201 - as the interpreter does it
    return 1


def _without_us(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Leave out the frames of this file, which stand above the learner's."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _last_things(code: int) -> int:
    """Do what the interpreter does last: wait for threads, call what is registered, flush."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - what the interpreter itself calls
        atexit._run_exitfuncs()  # noqa: SLF001 - likewise
    except BaseException:  # noqa: BLE001 - this is the learner's process; it ends here
        traceback.print_exc()
    return code if _flush() else 120


def _flush() -> bool:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - this is the learner's process; it ends here
        return False
    return True
