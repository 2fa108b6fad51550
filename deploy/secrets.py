"""`python -m deploy.secrets FOLDER`: make what is missing of a deployment's secrets, once."""

import os
import secrets
import sys
from pathlib import Path


def main() -> int:
    """Make files that only their owner and the containers' user read; never change one."""
    folder = Path(sys.argv[1])
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for name in ("sim_secret", "sim_secret_key", "metrics_token"):
        _once(folder / name, secrets.token_hex(32))
    for name in ("postgres_password", "redis_password", "clickhouse_password"):
        _once(folder / name, secrets.token_urlsafe(32))
    password = {
        name: (folder / f"{name}_password").read_text(encoding="ascii").strip()
        for name in ("postgres", "redis", "clickhouse")
    }
    _once(folder / "database_url", f"postgresql://sim:{password['postgres']}@postgres/sim")
    _once(folder / "redis_url", f"redis://:{password['redis']}@redis:6379/0")
    _once(folder / "clickhouse_url", f"http://loader:{password['clickhouse']}@clickhouse:8123")
    sys.stdout.write(f"secrets are in {folder}; keep a copy where the backups are not\n")
    return 0


def _once(path: Path, value: str) -> None:
    if path.exists():
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
        file.write(value)


if __name__ == "__main__":
    sys.exit(main())
