"""The settings an operator may give: read from the environment once, refused with a sentence."""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).resolve().parent.parent
SHELLS: Final = ("auto", "bubblewrap", "docker")
ROOMS: Final = ("auto", "nested", "container")
LOGS: Final = ("line", "json")
LONGEST_DRAIN: Final = 3600.0
LONGEST_GRADING: Final = 7200
# A value that is a secret, or holds one, may come from a file: NAME_FILE=/run/secrets/name.
FROM_FILES: Final = (
    "SIM_SECRET_KEY",
    "SIM_SECRET",
    "SIM_METRICS_TOKEN",
    "DATABASE_URL",
    "REDIS_URL",
    "CLICKHOUSE_URL",
)
MIN_SECRET_BYTES: Final = 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

Parsed = TypeVar("Parsed")


class Refused(Exception):
    """A setting has a value that cannot be meant; the message says what to set instead."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Every setting, with its default for `make run`."""

    home: Path
    quests: Path  # the folder whose subfolders are quests
    port: int
    debug: bool
    secret_key: str
    secret: bytes  # keys the hidden data; never leaves the judge's side
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    database_url: str
    redis_url: str
    clickhouse_url: str
    shell: str
    rooms: str
    oci_runtime: str  # of Docker, such as runsc; empty: the engine's default
    drain_seconds: float  # how long a runner that stops waits for its rooms
    runner_socket: Path
    grading_seconds: int  # how long one grading may take before it is taken from its worker
    log: str  # "line" for people, "json" for machines
    metrics_token: str  # who may read /metrics; empty: only people who run the site
    staff_mfa: bool  # staff need a second factor
    scale: str  # overrides the scale that quests are graded on; empty: as the quest says
    behind_tls: bool


def read(given: Mapping[str, str]) -> Environment:
    """Read every setting. Raises Refused, naming the variable, when one is wrong."""
    given = {**given, **_from_files(given)}
    _check_shell(given)
    home = Path(given.get("SIM_HOME") or ROOT / ".sim").expanduser().absolute()
    debug = _take(given, "SIM_DEBUG", "0", _flag)
    return Environment(
        home=home,
        quests=Path(given.get("SIM_QUESTS") or ROOT / "quests").expanduser().absolute(),
        port=_take(given, "PORT", "8000", _port),
        debug=debug,
        secret_key=given.get("SIM_SECRET_KEY") or _kept(home, "secret_key").hex(),
        secret=_take(given, "SIM_SECRET", "", _secret) or _kept(home, "secret"),
        hosts=_take(given, "SIM_HOSTS", "localhost,127.0.0.1,[::1]", _words),
        origins=_take(given, "SIM_ORIGINS", "", _words),
        database_url=_take(given, "DATABASE_URL", "", _url("sqlite", "postgresql", "postgres")),
        redis_url=_take(
            given, "REDIS_URL", f"unix://{home}/redis.sock", _url("redis", "rediss", "unix")
        ),
        clickhouse_url=_take(given, "CLICKHOUSE_URL", "", _url("http", "https", "clickhouse")),
        shell=_take(given, "SANDBOX_SHELL", "auto", _one_of(SHELLS)),
        rooms=_take(given, "SANDBOX_ROOMS", "auto", _one_of(ROOMS)),
        oci_runtime=_take(given, "SANDBOX_RUNTIME", "", _name),
        drain_seconds=_take(given, "SANDBOX_DRAIN_SECONDS", "3", _seconds),
        runner_socket=Path(given.get("SIM_RUNNER_SOCKET") or home / "runner.sock"),
        grading_seconds=_take(given, "SIM_GRADING_SECONDS", "900", _whole(10, LONGEST_GRADING)),
        log=_take(given, "SIM_LOG", "line", _one_of(LOGS)),
        metrics_token=given.get("SIM_METRICS_TOKEN", ""),
        staff_mfa=_take(given, "SIM_STAFF_MFA", given.get("SIM_TLS", "0"), _flag),
        scale=_take(given, "SIM_SCALE", "", _one_of(("", "tiny", "default", "large"))),
        behind_tls=_take(given, "SIM_TLS", "0", _flag),
    )


def _from_files(given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in FROM_FILES:
        path = given.get(f"{name}_FILE")
        if not path:
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{name}_FILE={path!r} cannot be read: {error}") from None
    return found


def _check_shell(given: Mapping[str, str]) -> None:
    """Refuse what only containers have where there are none. Raises Refused."""
    if given.get("SANDBOX_SHELL") != "bubblewrap":
        return
    for name, only in (
        ("SANDBOX_ROOMS", "container"),
        ("SANDBOX_RUNTIME", given.get("SANDBOX_RUNTIME")),
    ):
        if only and given.get(name) == only:
            raise Refused(
                f"{name}={only!r}: only Docker makes containers, and SANDBOX_SHELL is "
                "'bubblewrap'; see docs/sandbox.md"
            )


def _take(
    given: Mapping[str, str], name: str, default: str, parse: Callable[[str], Parsed]
) -> Parsed:
    text = given.get(name, default)
    try:
        return parse(text)
    except ValueError as error:
        raise Refused(
            f"{name}={text!r}: {error}; see the table of settings in README.md"
        ) from None


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("expected 0 or 1")
    return text == "1"


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):  # noqa: PLR2004, the TCP port range
        raise ValueError("expected a port from 1 to 65535")
    return int(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"expected an address that starts with {', '.join(schemes)}")
        return text

    return parse


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected one of {', '.join(filter(None, words))}")
        return text

    return parse


def _name(text: str) -> str:
    if text and not _NAME.fullmatch(text):
        raise ValueError("expected the name of a runtime that the engine knows, such as runsc")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_DRAIN:
        raise ValueError(f"expected seconds from 0 to {LONGEST_DRAIN:.0f}")
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return parse


def _secret(text: str) -> bytes:
    value = bytes.fromhex(text) if text else b""
    if 0 < len(value) < MIN_SECRET_BYTES:
        raise ValueError(f"expected at least {2 * MIN_SECRET_BYTES} hexadecimal digits")
    return value


def _kept(home: Path, name: str) -> bytes:
    """A secret of this installation, made once and kept where only its owner reads it."""
    path = home / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
    # Several processes may start at once: the first to link its file wins, all read that one.
    mine = home / f".{name}.{os.getpid()}"
    mine.touch(mode=0o600)
    mine.write_bytes(secrets.token_bytes(32))
    with contextlib.suppress(FileExistsError):
        os.link(mine, path)
    mine.unlink()
    return path.read_bytes()
