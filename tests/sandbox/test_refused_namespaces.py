"""Where user namespaces are refused, one sentence names what refuses them and what to do."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox import runtimes, userns
from tests.needs import need
from tests.sandbox.conftest import HOME, PLAIN_USER, ROOT

SENTENCES = {
    "limit": "user.max_user_namespaces=15000",
    "filter": "a system-call filter above this process refuses them",
}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("how", SENTENCES)
def test_a_runner_that_may_make_none_says_why_and_opens_no_room(how: str) -> None:
    need("root, to become a plain user", present=os.geteuid() == 0)
    try:
        runtimes.find("python-ml", home=HOME)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with tempfile.TemporaryDirectory(prefix="sim-test-") as name:
        os.chown(name, PLAIN_USER, PLAIN_USER)
        finished = _check_without(how, Path(name))
    assert finished.returncode == 1, finished.stdout + finished.stderr
    why = json.loads(finished.stdout)["why"]
    assert "rooms need user namespaces" in why
    assert SENTENCES[how] in why
    others = [sentence for other, sentence in SENTENCES.items() if other != how]
    assert not any(sentence in why for sentence in others)


def _check_without(how: str, folder: Path) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    reached = map(str, (sys.base_prefix, sys.prefix, ROOT, runtimes.folder(HOME), folder))
    refused = [sys.executable, str(here / "refusing.py"), how, "--"]
    runner = [sys.executable, "-m", "sandbox.runner", "--home", str(HOME), "--shell", "bubblewrap"]
    runner += ["--warehouse", str(folder / "warehouse"), "--check"]
    as_user = [sys.executable, "-I", str(here / "as_user.py"), str(PLAIN_USER), *reached, "--"]
    return subprocess.run(
        [*as_user, *refused, *runner],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("switch", "value", "cure"),
    [
        ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces="),
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "give bwrap one with `userns,`"),
    ],
)
def test_each_switch_has_its_own_cure(tmp_path: Path, switch: str, value: str, cure: str) -> None:
    _kernel(tmp_path)
    assert cure not in userns.why_refused(tmp_path)
    path = tmp_path / "sys" / switch
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")
    said = userns.why_refused(tmp_path)
    assert cure in said
    assert said.count(". ") == 0


def test_a_kernel_built_without_them_and_an_unknown_rule_are_told_apart(tmp_path: Path) -> None:
    assert "CONFIG_USER_NS" in userns.why_refused(tmp_path)
    _kernel(tmp_path)
    assert userns.why_refused(tmp_path) == userns.UNKNOWN


def _kernel(proc: Path) -> None:
    """Lay out the `/proc` of a kernel with user namespaces and none of the switches."""
    (proc / "self/ns").mkdir(parents=True)
    (proc / "self/ns/user").symlink_to("user:[4026531837]")
    (proc / "self/status").write_text("Name:\tpython\nSeccomp:\t0\n")
