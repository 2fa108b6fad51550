"""Sign in to a site: confirm a short code in the browser.

The token goes into the system's keyring where there is one, else into a file that only you may
read. On a build machine, set SIM_SITE and SIM_TOKEN instead, or pipe a token to `--with-token`.
"""

import ipaddress
import socket
import sys
import time
import webbrowser
from typing import Annotated
from urllib.parse import urlsplit

import typer

from simulator.cli.learning import accounts
from simulator.cli.learning.accounts import Account
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, Voice, speaking
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import said
from simulator.cli.printing import Code
from simulator.wire import (
    DENIED,
    PENDING,
    DeviceClaim,
    DeviceCode,
    DeviceName,
    Person,
    Problem,
    Token,
)


def command(
    address: Annotated[
        str, typer.Argument(metavar="SITE", help="The site's address; without it, the last one.")
    ] = "",
    *,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    with_token: Annotated[
        bool, typer.Option("--with-token", help="Read a token from standard input instead.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Send the token over http to another machine.")
    ] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        place = _address(address or accounts.default_address(), insecure=insecure)
        stranger = Account(address=place, language=voice.language)
        token = sys.stdin.readline().strip() if with_token else _asked(stranger, voice, browser)
        with Site(stranger.model_copy(update={"token": token})) as site:
            person = site.get("/api/me", Person)
        account = Account(
            address=place, username=person.username, language=person.language, token=token
        )
        kept = accounts.keep(account)
        voice.language = person.language
        where = said("in_ring", voice.language) if kept == "keyring" else kept
        voice.words("signed_in", site=place, name=person.username, place=where)
        voice.give({"site": place, "username": person.username, "token_in": kept})


def _asked(stranger: Account, voice: Voice, browser: bool) -> str:  # noqa: FBT001 - as the option
    """A token that somebody allowed in a browser. Raises Trouble."""
    with Site(stranger) as site:
        name = f"sim on {socket.gethostname()}"[:80]
        code = site.send("POST", "/api/device", DeviceCode, body=DeviceName(name=name))
        voice.aside("type_code", page=code.verification_uri, code=code.user_code)
        if browser and sys.stderr.isatty():
            webbrowser.open(code.verification_uri_complete)
        until = time.monotonic() + code.expires_in
        while time.monotonic() < until:
            time.sleep(code.interval)
            claim = DeviceClaim(device_code=code.device_code)
            answer = site.problem_or("/api/device/token", Token, claim)
            if isinstance(answer, Token):
                return answer.token
            if answer.code != PENDING:
                raise _refused(answer)
    raise _refused(Problem(code="expired_token", message="The code is no longer good."))


def _refused(problem: Problem) -> Trouble:
    remedy = "" if problem.code == DENIED else "Run `sim login` again for a new code."
    return Trouble(problem.message, code=Code.USAGE, remedy=remedy, name=problem.code)


def _address(given: str, *, insecure: bool) -> str:
    """The site's address in one form. Raises Trouble for one that is none, or not private."""
    text = given if "://" in given else f"https://{given}"
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Trouble(
            f"A site has an address such as https://learn.example.org, not {given!r}.",
            code=Code.USAGE,
            remedy="Run: sim login ADDRESS",
        )
    if parts.scheme == "http" and not insecure and not _is_here(parts.hostname):
        raise Trouble(
            f"{given} is not encrypted: whoever listens on the way could take your token.",
            code=Code.USAGE,
            remedy="Use https://, or --insecure in a network that you trust.",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _is_here(host: str) -> bool:
    """Whether a name is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
