"""`artbench plugins`: installed plugins, what they register, and whether they keep the contract."""

from collections.abc import Sequence
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.lazy import LazyGroup
from artbench.cli.options import backbone_option, debug_option, json_option, paths_options, plugin_option
from artbench.cli.output import echo, print_checks, print_json, print_table

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from artbench.data.folders import DatasetPaths
    from artbench.plugins.registry import Plugin, Registry
    from artbench.testing.loading_time import LoadingTime


_COMMANDS = {"check": "artbench.cli.plugins:check"}


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    from click.shell_completion import CompletionItem

    from artbench.errors import ArtbenchError
    from artbench.plugins.sources import sources

    names: dict[str, str] = {}
    with redirect_stderr(StringIO()), suppress(ArtbenchError):
        for _source, plugin in sources():
            names |= {plugin.name: f"of {plugin.distribution}", plugin.distribution: "all of its plugins"}
    return [CompletionItem(name, help=help_) for name, help_ in names.items() if name.startswith(incomplete)]


@click.command()
@click.argument("names", nargs=-1, metavar="NAME...", shell_complete=_complete)
@paths_options
@backbone_option("Check pretrainings with this backbone instead of a tiny network.")
@click.option(
    "--of-family", "of_families", multiple=True, metavar="NAME", help="Check this member of a family; repeatable."
)
@json_option
@plugin_option
@debug_option
def check(
    names: tuple[str, ...],
    paths: "DatasetPaths",
    backbone: str | None,
    of_families: tuple[str, ...],
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> int:
    """Check everything that plugins register against the contract.

    NAME is a plugin, or a distribution with all of its plugins, as `artbench plugins` shows them. Without a NAME, the
    files given with --plugin are checked. Of a family, a few small members are checked, or those that --of-family
    names.

    Every line is PASS, WARN, FAIL or SKIP, with what to change. Checks that need absent images are skipped. The exit
    status is 1 if anything fails.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.data.places import with_places
    from artbench.plugins.loading import load_plugins
    from artbench.testing.plugin import Examiner

    registry = with_places(load_plugins(plugin_files), paths, lambda line: echo(line, err=True))
    for name in paths.by_name:
        registry.datasets.get(name)
    examiner = Examiner(
        registry=registry,
        paths=paths,
        backbone=None if backbone is None else registry.backbones.get(backbone),
        of_families=of_families,
        reporter=TerminalReporter(),
    )
    chosen = _chosen(registry, names, plugin_files)
    found = (
        ({"plugin": plugin.name, "about": what}, _heading(plugin, what), finding)
        for plugin in chosen
        for what, finding in examiner.examine(plugin)
    )
    return print_checks(found, as_json=as_json)


def _chosen(registry: "Registry", names: Sequence[str], files: Sequence[Path]) -> "list[Plugin]":
    """The plugins to check.

    Raises:
        UsageError: A name is neither a plugin's nor a distribution's, or nothing was named.
    """
    from difflib import get_close_matches

    from artbench.errors import UsageError

    of_files = {str(file.absolute()) for file in files}
    if not names:
        if not files:
            raise UsageError("nothing to check", mend="Name a plugin, or give --plugin FILE.py")
        return [plugin for plugin in registry.plugins if plugin.file in of_files]
    chosen: dict[str, Plugin] = {}
    for name in names:
        found = [plugin for plugin in registry.plugins if plugin.name == name]
        found = found or [plugin for plugin in registry.plugins if plugin.distribution == name]
        if not found:
            known = [word for plugin in registry.plugins for word in (plugin.name, plugin.distribution)]
            near = get_close_matches(name, dict.fromkeys(known), n=3)
            hint = f"The nearest: {', '.join(near)}. " if near else ""
            raise UsageError(f"no plugin is called {name!r}", mend=f"{hint}`artbench plugins` shows all")
        chosen |= {f"{plugin.distribution}:{plugin.name}": plugin for plugin in found}
    return list(chosen.values())


def _heading(plugin: "Plugin", what: str) -> str:
    return f"plugin {plugin.name}" if what == "plugin" else f"{plugin.name}: {what}"


@click.group(cls=LazyGroup, commands_at=_COMMANDS, invoke_without_command=True)
@click.option(
    "--time",
    "timed",
    is_flag=True,
    help="Load each plugin by itself, show the slowest first, and say what is slow in it.",
)
@json_option
@plugin_option
@debug_option
@click.pass_context
def plugins(context: click.Context, timed: bool, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Show the plugins: where each comes from, what it registers, and its problems."""
    if context.invoked_subcommand is not None:
        return
    from artbench.plugins.loading import load_plugins
    from artbench.testing.loading_time import loading_time

    found = load_plugins(plugin_files)
    times = {_key(plugin): loading_time(plugin) for plugin in found.plugins} if timed else {}
    loaded = sorted(found.plugins, key=lambda plugin: -times[_key(plugin)].seconds) if timed else list(found.plugins)
    if as_json:
        print_json([_plugin_row(found, plugin, times.get(_key(plugin))) for plugin in loaded])
    else:
        _print_plugins(found, loaded, times)


def _key(plugin: "Plugin") -> str:
    return f"{plugin.distribution}:{plugin.name}"


def _plugin_row(found: "Registry", plugin: "Plugin", taken: "LoadingTime | None") -> dict[str, Any]:
    from artbench.plugins.remarks import remarks

    row: dict[str, Any] = {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "file": plugin.file,
        "registers": {kind: list(names) for kind, names in plugin.registered.items()},
        "seconds": round(plugin.seconds, 4),
        "problem": plugin.problem,
        "remarks": [remark.message for remark in remarks(plugin, found)],
    }
    if taken is not None:
        imports = {name: round(seconds, 4) for name, seconds in taken.imports.items()}
        mend = taken.mend if taken.slow else ""
        row["alone"] = {"seconds": round(taken.seconds, 4), "imports": imports, "slow": taken.slow, "mend": mend}
    return row


def _print_plugins(found: "Registry", loaded: "list[Plugin]", times: "dict[str, LoadingTime]") -> None:
    from rich.text import Text

    from artbench.plugins.remarks import remarks

    rows = []
    for plugin in loaded:
        offers = "; ".join(f"{kind}s: {', '.join(names)}" for kind, names in plugin.registered.items())
        state = Text(f"left out: {plugin.problem}", style="red") if plugin.problem else Text(offers or "nothing")
        lines = [state, *(Text(remark.message, style="yellow") for remark in remarks(plugin, found))]
        taken = times.get(_key(plugin))
        if taken is not None and taken.summary:
            lines.append(Text(taken.summary))
        if taken is not None and taken.slow:
            lines.append(Text(f"{taken.mend}.", style="yellow"))
        lines.append(Text(plugin.file or plugin.module, style="dim"))
        seconds = plugin.seconds if taken is None else taken.seconds
        origin = f"{plugin.distribution} {plugin.version}".strip()
        rows.append((plugin.name, origin, f"{seconds:.3f} s", Text("\n").join(lines)))
    print_table(("plugin", "from", "loaded in", "registers"), rows, numbers=(2,))
