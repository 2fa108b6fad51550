"""Build a runtime: `python -m sandbox.runtimes python-ml` makes the tree that rooms live in.

A tree holds a copy of this interpreter with its standard library, the packages of one lock file
and the shared libraries they need, and nothing else of the host. Our own code that runs inside
(the agent and simkit) is a second, small folder: a change of it does not rebuild the tree.

The layout, as a shell shows it (`/runtime/bin/python` is a virtual environment over
`/runtime/base`, so that a distribution's patched interpreter looks in one known place)::

    /lib /lib64 /usr/lib            shared libraries and the loader
    /runtime/base                   interpreter and standard library
    /runtime/lib/…/site-packages    the lock file's packages
    /runtime/code/agent             our agent            (the second folder is mounted here)
    /runtime/code/learner           what learner code may import of ours
    /runtime/code/preloads          what each runtime's template imports
    /room /warehouse …              empty: where a shell and its rooms mount things
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LAYOUT = 3  # raise it when the tree is laid out differently: old trees are then not used
MOUNT_POINTS = ("room", "warehouse", "dev", "proc", "tmp", "runtime/code")
LEFT_OUT = ("test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip", "venv")
LEFT_OUT_MODULES = re.compile(
    r"^(_tkinter|_curses|_curses_panel|readline|_?ossaudiodev|nis|_?spwd|xx.*|_xx.*|_test.*|_ctypes_test)\."
)
LOADED_LATER = (
    "libgcc_s.so.1",
    "libnss_files.so.2",
)  # opened by name at run time: ldd misses them
SOURCES = Path(__file__).resolve().parent

Tell = Callable[[str], None]


class RuntimeMissing(Exception):
    """A runtime cannot be had; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A built runtime: what a shell needs to show it."""

    name: str
    digest: str
    tree: Path  # becomes the shell's root, read-only
    code: Path  # becomes /runtime/code, read-only


def folder(home: Path) -> Path:
    """Tell where runtimes are kept: where SIM_RUNTIMES says, else below the home folder."""
    return Path(os.environ.get("SIM_RUNTIMES") or home / "runtimes").resolve()


def build(name: str, *, home: Path, tell: Tell) -> Runtime:
    """Build a runtime unless it exists, and return it. Raises RuntimeMissing."""
    digest = _digest(_lock(name))
    place = _place(name, digest=digest, home=home)
    if not (place / "runtime.json").is_file():
        tell(f"{name}: building the runtime (once for each lock file and interpreter)")
        _atomically(place, lambda folder: _fill(folder, name=name, digest=digest, tell=tell))
    code = _build_code(home)
    tell(f"{name}: ready, {digest}")
    return Runtime(name=name, digest=digest, tree=place, code=code)


def find(name: str, *, home: Path) -> Runtime:
    """Find a runtime that was built. Raises RuntimeMissing with the command that builds it."""
    described = describe(name, home=home)
    if not (described.tree / "runtime.json").is_file():
        raise RuntimeMissing(
            f"the runtime {name} is not built for this interpreter and lock file; "
            f"run: python -m sandbox.runtimes {name} --home {home}"
        )
    return described


def describe(name: str, *, home: Path) -> Runtime:
    """Say where a runtime is, or would be. Raises RuntimeMissing for a name that is none."""
    digest = _digest(_lock(name))
    place = _place(name, digest=digest, home=home)
    return Runtime(name=name, digest=digest, tree=place, code=_build_code(home))


def _lock(name: str) -> Path:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name):
        raise RuntimeMissing(f"{name!r} is no name of a runtime")
    lock = SOURCES.parent / "requirements" / f"{name}.txt"
    if not lock.is_file():
        raise RuntimeMissing(f"no runtime {name}: there is no requirements/{name}.txt")
    return lock


def _digest(lock: Path) -> str:
    interpreter = f"{sys.version}|{platform.machine()}|{_interpreter()}|{LAYOUT}"
    return hashlib.sha256(interpreter.encode() + lock.read_bytes()).hexdigest()[:16]


def _interpreter() -> Path:
    """Find the real interpreter below a virtual environment."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _place(name: str, *, digest: str, home: Path) -> Path:
    return folder(home) / name / digest


def _atomically(place: Path, fill: Callable[[Path], None]) -> None:
    """Fill a new folder and give it its name in one step; a race is won by whoever is first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".building-", dir=place.parent))
    try:
        fill(fresh)
        _open_to_all(fresh)
        try:
            fresh.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fill(tree: Path, *, name: str, digest: str, tell: Tell) -> None:
    for place in MOUNT_POINTS:
        (tree / place).mkdir(parents=True)
    tell(f"{name}: copying Python {platform.python_version()} and its standard library")
    _copy_interpreter(tree)
    packages = tree / "runtime/lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    tell(f"{name}: installing the locked packages")
    _install(_lock(name), packages, scripts=tree / "runtime/bin")
    (packages / "simkit.pth").write_text("/runtime/code/learner\n")
    tell(f"{name}: copying the shared libraries they need")
    _copy_libraries(tree)
    _write_etc(tree, packages)
    tell(f"{name}: compiling")
    _compile(tree)
    facts = {"name": name, "digest": digest, "python": sys.version, "layout": LAYOUT}
    (tree / "runtime.json").write_text(json.dumps(facts, indent=1))


def _copy_interpreter(tree: Path) -> None:
    version = f"python{sysconfig.get_python_version()}"
    base = tree / "runtime/base"
    (base / "bin").mkdir(parents=True)
    shutil.copy2(_interpreter(), base / "bin" / version)
    for scheme in ("stdlib", "platstdlib"):
        source = Path(sysconfig.get_path(scheme, vars=_base_paths())).resolve()
        target = base / source.parent.name / version
        if not target.exists():
            shutil.copytree(source, target, ignore=_left_out)
    (tree / "runtime/bin").mkdir(exist_ok=True)
    for alias in ("python", "python3", version):
        (tree / "runtime/bin" / alias).symlink_to(f"../base/bin/{version}")
    (tree / "runtime/pyvenv.cfg").write_text(
        "home = /runtime/base/bin\ninclude-system-site-packages = false\n"
    )


def _base_paths() -> dict[str, str]:
    return {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}


def _left_out(folder: str, names: list[str]) -> set[str]:
    out = {name for name in names if LEFT_OUT_MODULES.match(name)}
    out |= {name for name in names if name in {"site-packages", "dist-packages"}}
    out |= {name for name in names if name in LEFT_OUT and (Path(folder) / name).is_dir()}
    return out | {name for name in names if name.startswith("config-")}


def _install(lock: Path, packages: Path, *, scripts: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    command += ["--no-warn-script-location", "--target", str(packages), "--requirement", str(lock)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if finished.returncode:
        reason = " ".join(finished.stderr.split())[-1500:]
        raise RuntimeMissing(f"pip could not install {lock.name}: {reason}")
    for script in sorted((packages / "bin").iterdir()):
        _adopt_script(script, scripts / script.name)
    shutil.rmtree(packages / "bin")


def _adopt_script(script: Path, target: Path) -> None:
    """Move a command to the runtime's own bin; a Python one gets the runtime's interpreter."""
    content = script.read_bytes()
    if content.startswith(b"#!"):
        content = b"#!/runtime/bin/python\n" + content.partition(b"\n")[2]
    target.write_bytes(content)
    target.chmod(0o755)


def _copy_libraries(tree: Path) -> None:
    libraries = tree / "lib"
    libraries.mkdir()
    (tree / "lib64").symlink_to("lib")
    (tree / "usr/share").mkdir(parents=True)
    for alias in ("lib", "lib64"):
        (tree / "usr" / alias).symlink_to("../lib")
    found = dict(_needed(tree))
    folders = {path.parent for path in found.values()}
    for name in LOADED_LATER:
        present = [folder / name for folder in folders if (folder / name).is_file()]
        for path in present[:1]:
            found[name] = path
    for name, path in sorted(found.items()):
        shutil.copy2(path.resolve(), libraries / name)
    if not any(name.startswith("ld-") for name in found):
        raise RuntimeMissing("found no dynamic loader; this interpreter is not built for glibc")
    _lend_openmp(tree)


def _elf_files(tree: Path) -> Iterator[Path]:
    for path in sorted((tree / "runtime").rglob("*")):
        if (
            path.is_file()
            and not path.is_symlink()
            and (".so" in path.name or path.parent.name == "bin")
        ):
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def _needed(tree: Path) -> Iterator[tuple[str, Path]]:
    """List the host's libraries that the tree's files load, by the name they load them under."""
    files = [str(path) for path in _elf_files(tree)]
    for start in range(0, len(files), 100):
        listed = subprocess.run(  # noqa: S603 - our own words
            ["ldd", *files[start : start + 100]],  # noqa: S607 - the C library's own command
            capture_output=True,
            text=True,
            check=False,
        )
        for match in re.finditer(r"^\s+(?:(\S+) => )?(/\S+) \(0x", listed.stdout, re.MULTILINE):
            path = Path(match[2])
            if tree not in path.parents:
                yield Path(match[1] or match[2]).name, path


def _lend_openmp(tree: Path) -> None:
    """Give LightGBM the OpenMP of scikit-learn's wheel where the host has none."""
    lent = sorted((tree / "runtime/lib").rglob("scikit_learn.libs/libgomp*"))
    if lent and not (tree / "lib/libgomp.so.1").exists():
        shutil.copy2(lent[0], tree / "lib/libgomp.so.1")


def _write_etc(tree: Path, packages: Path) -> None:
    (tree / "etc").mkdir()
    (tree / "etc/passwd").write_text("learner:x:1000:1000::/tmp:/nonexistent\n")
    (tree / "etc/group").write_text("learner:x:1000:\n")
    if (packages / "tzdata/zoneinfo").is_dir():
        inside = Path("/") / packages.relative_to(tree) / "tzdata/zoneinfo"
        (tree / "usr/share/zoneinfo").symlink_to(inside)


def _compile(tree: Path) -> None:
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(tree), str(tree / "runtime")]
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a package may ship files for newer Pythons


def _open_to_all(folder: Path) -> None:
    """Let every user read: a shell runs as an unprivileged user of its own."""
    folder.chmod(0o755)
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(root) / name
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o555 | 0o444 | 0o200)


def _build_code(home: Path) -> Path:
    """Copy our own code for the inside; a folder a content, so a running shell keeps its own."""
    total = hashlib.sha256()
    files = sorted((SOURCES / "agent").rglob("*.py")) + sorted((SOURCES / "simkit").rglob("*.py"))
    for path in (*files, *_preloads()):
        total.update(str(path.relative_to(SOURCES.parent)).encode() + b"\0" + path.read_bytes())
    place = folder(home) / "code" / total.hexdigest()[:16]
    if not place.is_dir():
        _atomically(place, _fill_code)
    return place


def _preloads() -> list[Path]:
    """List the files that say what each runtime's template imports."""
    return sorted((SOURCES.parent / "requirements").glob("*.preloads"))


def _fill_code(folder: Path) -> None:
    pycache = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCES / "agent", folder / "agent/sandbox/agent", ignore=pycache)
    (folder / "agent/sandbox/__init__.py").touch()
    (folder / "learner").mkdir()
    if (SOURCES / "simkit").is_dir():
        shutil.copytree(SOURCES / "simkit", folder / "learner/simkit", ignore=pycache)
    (folder / "preloads").mkdir()
    for path in _preloads():
        shutil.copy(path, folder / "preloads")
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(folder), str(folder)]
    subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own words


def main() -> int:
    """Build the runtimes that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.runtimes", description=__doc__)
    parser.add_argument("names", nargs="+", help="runtimes to build, such as python-ml")
    parser.add_argument("--home", type=Path, default=Path(".sim"), help="where trees are kept")
    words = parser.parse_args()
    try:
        for name in words.names:
            build(name, home=words.home, tell=lambda line: print(line, flush=True))  # noqa: T201 - a command
    except RuntimeMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
