"""`artbench plugins`: what is installed, what it registers, and what is wrong with it."""

from pathlib import Path

import click

from artbench.cli.options import debug_option, json_option, plugin_option, print_json


@click.command()
@json_option
@plugin_option
@debug_option
def plugins(as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Show the plugins: where each is from, what it registers, what is wrong with it."""
    from artbench.plugins import load_plugins

    found = load_plugins(plugin_files)
    loaded = found.plugins
    if as_json:
        print_json(
            [
                {
                    "name": plugin.name,
                    "distribution": plugin.distribution,
                    "version": plugin.version,
                    "module": plugin.module,
                    "registers": {kind: list(names) for kind, names in plugin.registered.items()},
                    "seconds": round(plugin.seconds, 4),
                    "problem": plugin.problem,
                    "remarks": list(found.remarks(plugin)),
                }
                for plugin in loaded
            ]
        )
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("plugin", "from", "registers"):
        table.add_column(heading, overflow="fold")
    for plugin in loaded:
        offers = "; ".join(f"{kind}s: {', '.join(names)}" for kind, names in plugin.registered.items())
        state = f"[red]left out: {escape(plugin.problem)}[/red]" if plugin.problem else escape(offers or "nothing")
        for remark in found.remarks(plugin):
            state += f"\n[yellow]{escape(remark)}[/yellow]"
        table.add_row(escape(plugin.name), escape(f"{plugin.distribution} {plugin.version}".strip()), state)
    Console().print(table)
