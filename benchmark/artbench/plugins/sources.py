"""Finding plugins: the entry points of installed distributions, and files."""

import os
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TypeAlias

from artbench.errors import UsageError
from artbench.plugins.catalogue import GROUP
from artbench.plugins.registry import Plugin
from artbench.specs.variants import did_you_mean

Source: TypeAlias = metadata.EntryPoint | Path


def sources(files: Sequence[Path] = (), *, only: str | None = None) -> list[tuple[Source, Plugin]]:
    """Return the entry point or file of each plugin, with what is known of the plugin before loading.

    Arguments and errors are those of `load_plugins`.
    """
    for file in files:
        if not file.is_file():
            raise UsageError(f"--plugin: no file at {file}")
        if file.suffix != ".py":
            raise UsageError(f"--plugin: {file} is not a Python file", mend="Give a file whose name ends in .py")
    only = os.environ.get("ARTBENCH_PLUGINS") if only is None else only
    # A file that is named twice is one plugin.
    once = {file.resolve(): file for file in reversed(files)}.values()
    return [*_installed(only), *((file, _of_file(file)) for file in reversed(once))]


def _installed(only: str | None) -> Iterator[tuple[metadata.EntryPoint, Plugin]]:
    wanted = None if only is None else {name.strip() for name in only.split(",") if name.strip()}
    points = list(metadata.entry_points(group=GROUP))
    # Each look at a name or version parses the whole metadata again.
    stated: dict[metadata.Distribution | None, tuple[str, str]] = {None: ("unknown", "")}
    for dist in {point.dist for point in points if point.dist}:
        about = dist.metadata
        stated[dist] = about["Name"], about["Version"]
    known = {name for point in points for name in (point.name, stated[point.dist][0])}
    for name in sorted((wanted or set()) - known):
        hint = " ".join(filter(None, (did_you_mean(name, sorted(known)), "`artbench plugins` shows all")))
        raise UsageError(f"ARTBENCH_PLUGINS: no plugin that is installed is called {name!r}", mend=hint)
    seen: set[tuple[str, str]] = set()
    for point in points:
        distribution, version = stated[point.dist]
        # An editable install can show one distribution twice.
        if (distribution, point.name) in seen:
            continue
        seen.add((distribution, point.name))
        if wanted is None or distribution == GROUP or wanted & {point.name, distribution}:
            yield point, Plugin(name=point.name, distribution=distribution, version=version, module=point.value)


def _of_file(file: Path) -> Plugin:
    name = f"artbench_plugin_{file.stem}"
    return Plugin(name=file.stem, distribution=file.name, version="", module=name, file=str(file.absolute()))
