"""Write the JSON Schemas that let an editor complete and check a quest's YAML.

Put this line on top of a quest.yaml, and the YAML plugins of most editors follow it:
`# yaml-language-server: $schema=.sim/quest.schema.json`
"""

from pathlib import Path
from typing import Annotated

import typer

from graders import editors
from simulator.cli.printing import console


def command(
    into: Annotated[
        Path, typer.Argument(help="The folder to write to.", file_okay=False)
    ] = editors.FOLDER,
) -> None:
    for path in editors.write(into):
        console().print(str(path), markup=False)
