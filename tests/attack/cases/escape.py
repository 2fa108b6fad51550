"""G1: out of the room, or into a neighbour's."""

from typing import Final

from tests.attack.case import Case, Says

LOOKED: Final = {"adds": Says("error", "raised", {"error": "Seen"})}
SECRETS: Final = """
import os
from app.telling import tell
WANTED = [
    '/etc/shadow', '/proc/1/environ', '/proc/1/root', '/proc/1/cwd', '/proc/self/environ',
    '/run/secrets', '/var/run/docker.sock', '/run/docker.sock', '~/.aws/credentials',
    '~/.ssh/id_rsa', '/root', '/home', '/warehouse', '/proc/kcore', '/proc/keys', '/sys/kernel',
    '@FILE@', '@TREE@', '@HOME@', '@HOME@/secret', '@HOME@/db.sqlite3', '@HOME@/truth',
    '@ROOT@', '@ROOT@/simulator/settings.py', '@ROOT@/.venv', '/proc/1/mem',
]

def add(a, b):
    read = []
    for path in map(os.path.expanduser, WANTED):
        try:
            found = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(64)
            if found and path != '/proc/self/environ':
                read.append([path, str(found)[:80]])
        except OSError:
            pass
    tell(read=read, environment=sorted(os.environ))
"""
ENVIRONMENT: Final = [
    *("HOME", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PYTHONHASHSEED"),
    *("SIM_ARTIFACTS", "SIM_DATA", "SIM_SEED"),
]

CASES: Final = (
    Case(
        id="ESC-01",
        does="opens the host's secrets, settings and canary; lists the environment",
        files={"app/solution.py": SECRETS},
        checks=LOOKED,
        seen={"read": [], "environment": ENVIRONMENT},
        walls=("tree",),
    ),
)
