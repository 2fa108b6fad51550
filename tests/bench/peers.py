"""What others do for an attempt: a bare interpreter, `docker run`, a process for each call."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sandbox import runtimes
from sandbox.images import naming
from simulator.environment import ROOT

RUNTIME = "python-ml"


def bare(files: Mapping[str, bytes], *words: str) -> bytes:
    """Run the runtime's own interpreter with its packages on these files; no wall anywhere."""
    runtime = runtimes.find(RUNTIME, home=ROOT / ".sim")
    packages = next((runtime.tree / "runtime/lib").glob("python3*/site-packages"))
    interpreter = next((runtime.tree / "runtime/base/bin").glob("python3*"))
    with tempfile.TemporaryDirectory() as folder:
        for path, body in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        done = subprocess.run(
            [interpreter, "-B", *words],
            cwd=folder,
            env={
                "PYTHONPATH": f"{folder}:{packages}",
                "HOME": folder,
                "OMP_NUM_THREADS": "2",
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONHASHSEED": "0",
            },
            check=True,
            capture_output=True,
        )
    return done.stdout


def docker_run(path: str, body: bytes) -> bytes:
    """Run a file in a container of its own from the rooms' image, as many graders do."""
    words = ["docker", "run", "--rm", "-i", "--pull=never", "--network=none", "--read-only"]
    words += ["--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=0"]
    words += ["--tmpfs=/work", "-w", "/work"]
    words += ["-e", "OMP_NUM_THREADS=2", "-e", "OPENBLAS_NUM_THREADS=1"]
    words += ["--entrypoint", "/runtime/bin/python", naming.tag(RUNTIME), "-c"]
    text = f"import sys; open({path!r}, 'wb').write(sys.stdin.buffer.read()); "
    text += f"import runpy; runpy.run_path({path!r}, run_name='__main__')"
    done = subprocess.run([*words, text], input=body, check=True, capture_output=True)
    return done.stdout
