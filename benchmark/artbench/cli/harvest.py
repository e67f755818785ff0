"""`artbench data harvest`: pictures of a museum's server as a collection."""

from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.output import echo, print_json
from artbench.runtime.text import counted, printable

if TYPE_CHECKING:
    from artbench.harvest.workflow import Harvested

# Rights and refusals that are printed.
_SHOWN = 5


@click.command()
@click.argument("source", metavar="URL|oai:URL|TABLE")
@click.option("--out", type=options.FOLDER, required=True, help="Folder of the collection; what is there is kept.")
@click.option(
    "--side",
    type=options.Number(64, 4096),
    default=512,
    show_default=True,
    help="Longest side in pixels, where a server can scale.",
)
@click.option("--limit", type=options.Number(1), help="Most pictures. Default: all.")
@click.option("--every-image", "every", is_flag=True, help="All images of a IIIF manifest. Default: its first.")
@click.option("--set", "set_", metavar="NAME", help="Set of records of an OAI-PMH server. Default: all.")
@click.option("--column", metavar="NAME", help="Column with the addresses in a table. Default: the only one with some.")
@click.option("--open-only", is_flag=True, help="Leave out what is not said to be public domain or Creative Commons.")
@click.option(
    "--delay",
    type=click.FloatRange(0.1, 60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between two requests to one server.",
)
@click.option("--contact", default="", metavar="ADDRESS", help="Your e-mail or web address, told to the servers.")
@click.option("--private", is_flag=True, help="Ask servers in private networks too, such as your own museum's.")
@options.json_option
@options.debug_option
def harvest(*, as_json: bool, **fields: Any) -> int:
    """Fetch the pictures of a museum into a folder, as a collection with the museum's own columns.

    The source is the address of a IIIF manifest or collection, oai: and the address of an OAI-PMH server that speaks
    EDM, or a table with addresses of images. Servers are asked slowly, for small images where they can scale, within
    their robots.txt. A harvest that was stopped goes on by the same command. The exit status is 1 if a picture could
    not be had.

    \b
      artbench data harvest https://iiif.example.org/collection.json --out prints
      artbench data harvest oai:https://data.example.org/oai --set 261208 --limit 500 --out paintings
    """  # noqa: D301  click reads the control character
    from artbench.cli.progress import TerminalReporter
    from artbench.harvest.request import HarvestRequest
    from artbench.harvest.workflow import harvest as fetch

    found = fetch(HarvestRequest(**fields), reporter=TerminalReporter())
    if as_json:
        print_json(found.as_json())
    else:
        _print(found)
    return 1 if found.refused else 0


def _print(found: "Harvested") -> None:
    echo(f"{counted(found.pictures, 'picture')} in {found.table.parent}", bold=True)
    for stated, count in list(found.rights.items())[:_SHOWN]:
        echo(f"  rights of {count:,}: {printable(stated) or 'not stated'}")
    if len(found.rights) > _SHOWN:
        echo(f"  … and {counted(len(found.rights) - _SHOWN, 'other statement')} (the column rights has all)")
    if found.closed:
        echo(f"  {found.closed:,} were left out for their rights")
    if found.refused:
        echo(f"  {len(found.refused):,} could not be had; the same command tries them again:", fg="yellow")
        for why in list(found.refused.values())[:_SHOWN]:
            echo(f"    {printable(why)}")
        if len(found.refused) > _SHOWN:
            echo("    … (--json lists all)")
    click.echo(str(found.table))
    echo(f"It is a collection: collection:{found.table}", err=True)
