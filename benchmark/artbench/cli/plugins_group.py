"""`artbench plugins`: what is installed, what it registers, and what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.lazy import LazyGroup
from artbench.cli.options import debug_option, json_option, plugin_option, print_json

if TYPE_CHECKING:
    from artbench.plugins.loading import Plugin, Registry
    from artbench.testing.loading_time import LoadingTime

_COMMANDS = {"check": "artbench.cli.plugins:check"}


@click.group(cls=LazyGroup, commands_at=_COMMANDS, invoke_without_command=True)
@click.option(
    "--time", "timed", is_flag=True, help="Load each by itself, the slowest first, and say what is slow in it."
)
@json_option
@plugin_option
@debug_option
@click.pass_context
def plugins(context: click.Context, timed: bool, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Show the plugins: where each is from, what it registers, what is wrong with it."""
    if context.invoked_subcommand is not None:
        return
    from artbench.plugins.loading import load_plugins

    found = load_plugins(plugin_files)
    times = _times(found) if timed else {}
    loaded = sorted(found.plugins, key=lambda plugin: -times[_key(plugin)].seconds) if timed else list(found.plugins)
    if as_json:
        print_json([_row(found, plugin, times.get(_key(plugin))) for plugin in loaded])
    else:
        _print(found, loaded, times)


def _times(found: "Registry") -> "dict[str, LoadingTime]":
    from artbench.testing.loading_time import loading_time

    return {_key(plugin): loading_time(plugin) for plugin in found.plugins}


def _key(plugin: "Plugin") -> str:
    return f"{plugin.distribution}:{plugin.name}"


def _row(found: "Registry", plugin: "Plugin", taken: "LoadingTime | None") -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "file": plugin.file,
        "registers": {kind: list(names) for kind, names in plugin.registered.items()},
        "seconds": round(plugin.seconds, 4),
        "problem": plugin.problem,
        "remarks": list(found.remarks(plugin)),
    }
    if taken is not None:
        imports = {name: round(seconds, 4) for name, seconds in taken.imports.items()}
        mend = taken.mend if taken.slow else ""
        row["alone"] = {"seconds": round(taken.seconds, 4), "imports": imports, "slow": taken.slow, "mend": mend}
    return row


def _print(found: "Registry", loaded: "list[Plugin]", times: "dict[str, LoadingTime]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("plugin", overflow="fold")
    table.add_column("from", overflow="fold")
    table.add_column("loaded in", justify="right")
    table.add_column("registers", overflow="fold", ratio=1)
    for plugin in loaded:
        offers = "; ".join(f"{kind}s: {', '.join(names)}" for kind, names in plugin.registered.items())
        state = f"[red]left out: {escape(plugin.problem)}[/red]" if plugin.problem else escape(offers or "nothing")
        for remark in found.remarks(plugin):
            state += f"\n[yellow]{escape(remark)}[/yellow]"
        taken = times.get(_key(plugin))
        if taken is not None:
            state += f"\n{escape(taken.told)}" if taken.told else ""
            state += f"\n[yellow]{escape(taken.mend)}.[/yellow]" if taken.slow else ""
        state += f"\n[dim]{escape(plugin.file or plugin.module)}[/dim]"
        seconds = plugin.seconds if taken is None else taken.seconds
        origin = f"{plugin.distribution} {plugin.version}".strip()
        table.add_row(escape(plugin.name), escape(origin), f"{seconds:.3f} s", state)
    Console().print(table)
