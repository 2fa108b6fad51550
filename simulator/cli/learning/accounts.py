"""Who is signed in to which site. Tokens lie in the system's keyring where there is one."""

import importlib
import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from simulator.cli.learning import places
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.wire import Tongue

SERVICE: Final = "simulator"
FILE: Final = "sites.json"


class Account(BaseModel):
    """A person at a site."""

    address: str
    username: str = ""
    language: Tongue = "en"
    token: str = ""  # empty on disk where the keyring holds it


class _Kept(BaseModel):
    """The file of sign-ins."""

    default: str = ""
    accounts: dict[str, Account] = {}


def current(address: str = "") -> Account:
    """The account of a site, or of the one last signed in to. Raises Trouble without one.

    SIM_SITE and SIM_TOKEN, where set, stand above what is kept: for build machines.
    """
    kept = _read()
    wanted = address or os.environ.get("SIM_SITE", "").rstrip("/") or kept.default
    account = kept.accounts.get(wanted) or Account(address=wanted)
    token = os.environ.get("SIM_TOKEN") or account.token or _from_ring(wanted)
    if not wanted or not token:
        raise Trouble(
            f"Nobody is signed in{f' to {wanted}' if wanted else ''}.",
            code=Code.USAGE,
            remedy=f"Run: sim login {wanted or 'https://…'}",
            name="not_signed_in",
        )
    return account.model_copy(update={"token": token})


def default_address() -> str:
    """The site last signed in to; empty when there is none."""
    return os.environ.get("SIM_SITE", "").rstrip("/") or _read().default


def language() -> Tongue:
    """The language to speak: SIM_LANGUAGE, the account's, or the terminal's."""
    told = os.environ.get("SIM_LANGUAGE", "")
    kept = _read()
    account = kept.accounts.get(default_address())
    words = (told, account.language if account else "", os.environ.get("LANG", ""))
    first = next((word[:2].lower() for word in words if word), "en")
    return "ru" if first == "ru" else "en"


def keep(account: Account) -> str:
    """Remember a sign-in and make it the default; tell where the token lies."""
    in_ring = _to_ring(account.address, account.token)
    kept = _read()
    entry = account.model_copy(update={"token": ""}) if in_ring else account
    _write(_Kept(default=account.address, accounts={**kept.accounts, account.address: entry}))
    return "keyring" if in_ring else str(_path())


def forget(address: str) -> None:
    """Forget a sign-in; one that is unknown already is."""
    kept = _read()
    others = {name: account for name, account in kept.accounts.items() if name != address}
    default = kept.default if kept.default in others else next(iter(others), "")
    _write(_Kept(default=default, accounts=others))
    _with_ring(lambda ring: ring.delete_password(SERVICE, address))


def _path() -> Path:
    return places.settings() / FILE


def _read() -> _Kept:
    try:
        return _Kept.model_validate_json(_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Kept()
    except ValueError:
        raise Trouble(
            f"{_path()} holds the sign-ins of this machine and cannot be read.",
            code=Code.USAGE,
            remedy="Remove the file and run `sim login` again.",
        ) from None


def _write(kept: _Kept) -> None:
    """Write the file so that only its owner reads it, and never half of it."""
    _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _path().with_name(f".{FILE}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept.model_dump(mode="json"), file, indent=1)
    fresh.replace(_path())


def _from_ring(address: str) -> str:
    return _with_ring(lambda ring: ring.get_password(SERVICE, address)) or ""


def _to_ring(address: str, token: str) -> bool:
    """Whether the keyring took the token: some take everything and keep nothing."""
    _with_ring(lambda ring: ring.set_password(SERVICE, address, token))
    return bool(token) and _from_ring(address) == token


def _with_ring(use: Callable[[Any], str | None]) -> str | None:
    """Use the system's keyring; None where there is none, or it refuses."""
    if importlib.util.find_spec("keyring") is None:
        return None
    ring = importlib.import_module("keyring")
    errors = importlib.import_module("keyring.errors")
    try:
        return use(ring)
    except errors.KeyringError:
        return None
