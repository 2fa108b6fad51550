"""Sign out: make the token useless and forget it."""

from typing import Annotated

import typer

from simulator.cli.learning import accounts
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, speaking
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code


def command(
    address: Annotated[
        str, typer.Argument(metavar="SITE", help="The site's address; without it, the last one.")
    ] = "",
    *,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        account = accounts.current(address.rstrip("/"))
        try:
            with Site(account) as site:
                site.forget_token()
        except Trouble as trouble:
            accounts.forget(account.address)
            if trouble.code != Code.NETWORK:
                raise
            raise Trouble(
                f"The token is forgotten here; {account.address} could not be told.",
                code=Code.NETWORK,
                remedy="It ends by itself within 90 days; an operator can end it now.",
            ) from None
        accounts.forget(account.address)
        voice.words("signed_out", site=account.address)
        voice.give({"site": account.address})
