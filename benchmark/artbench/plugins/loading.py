"""Finding plugins and asking them what they offer, so that none can break another or slow the start."""

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any, TextIO, cast, get_args

import pluggy

from artbench import hookspecs
from artbench.errors import ArtbenchError, UsageError
from artbench.hookspecs import CONTRACT
from artbench.plugins.registry import GROUP, Catalogue, Entry, Plugin, Registry
from artbench.specs import BackboneSpec, DatasetSpec, Family, PretrainingSpec, TargetKind, TaskSpec

KINDS: Mapping[str, type] = {
    "backbone": BackboneSpec,
    "pretraining": PretrainingSpec,
    "dataset": DatasetSpec,
    "task": TaskSpec,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}")
_SAID = "ARTBENCH_CONTRACT"


def load_plugins(files: Sequence[Path] = (), *, only: str | None = None) -> Registry:
    """Load all installed plugins and those in `files`; one that fails is left out, with its reason.

    Args:
        files: Python files that implement hooks.
        only: Names of plugins or distributions, separated by commas, beside which no outside plugin is loaded;
            empty: the built-in ones alone. None: what `ARTBENCH_PLUGINS` says, and without that, all.

    Raises:
        UsageError: One of `files` is not there, or is no Python file.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> registry = load_plugins()
        >>> registry.tasks.get("sample-style").dataset
        'sample'
    """
    loaded = [_load(source, candidate) for source, candidate in sources(files, only=only)]
    entries: dict[str, list[Entry[Any]]] = {kind: [] for kind in KINDS}
    for _, registered in loaded:
        for kind, entry in registered:
            entries[kind].append(entry)
    return Registry(
        plugins=tuple(plugin for plugin, _ in loaded),
        backbones=Catalogue("backbone", entries["backbone"]),
        pretrainings=Catalogue("pretraining", entries["pretraining"]),
        datasets=Catalogue("dataset", entries["dataset"]),
        tasks=Catalogue("task", entries["task"]),
    )


def sources(files: Sequence[Path] = (), *, only: str | None = None) -> list[tuple[metadata.EntryPoint | Path, Plugin]]:
    """Where the hooks of each plugin are, and what is known of it before it is loaded.

    Args:
        files: See `load_plugins`.
        only: See `load_plugins`.

    Raises:
        UsageError: As `load_plugins` does.
    """
    for file in files:
        if not file.is_file():
            raise UsageError(f"--plugin: no file at {file}")
        if file.suffix != ".py":
            raise UsageError(f"--plugin: {file} is not a Python file", mend="Give a file whose name ends in .py")
    only = os.environ.get("ARTBENCH_PLUGINS") if only is None else only
    return [*_installed(only), *((file, _of_file(file)) for file in files)]


def load_alone(source: metadata.EntryPoint | Path, plugin: Plugin) -> Plugin:
    """Load one plugin and say what became of it."""
    return _load(source, plugin)[0]


def _installed(only: str | None) -> Iterator[tuple[metadata.EntryPoint, Plugin]]:
    wanted = None if only is None else {name.strip() for name in only.split(",") if name.strip()}
    seen: set[tuple[str, str]] = set()
    for point in metadata.entry_points(group=GROUP):
        distribution = point.dist.name if point.dist else "unknown"
        # An editable install can show one distribution twice.
        if (distribution, point.name) in seen:
            continue
        seen.add((distribution, point.name))
        if wanted is None or distribution == GROUP or wanted & {point.name, distribution}:
            version = point.dist.version if point.dist else ""
            yield point, Plugin(name=point.name, distribution=distribution, version=version, module=point.value)


def _of_file(file: Path) -> Plugin:
    name = f"artbench_plugin_{file.stem}"
    return Plugin(name=file.stem, distribution=file.name, version="", module=name, file=str(file.absolute()))


def _file_of(source: metadata.EntryPoint | Path) -> str:
    """The file of a plugin's module, also of one that could not be imported."""
    if isinstance(source, Path):
        return str(source.absolute())
    with suppress(Exception):
        spec = sys.modules[source.module].__spec__ if source.module in sys.modules else util.find_spec(source.module)
        return (spec and spec.origin) or ""
    return ""


class _Overheard:
    """Another stream, and whether anything was written to it by this way."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.heard = False

    def write(self, text: str) -> int:
        self.heard = True
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _load(source: metadata.EntryPoint | Path, plugin: Plugin) -> tuple[Plugin, list[tuple[str, Entry[Any]]]]:
    """Import one plugin and call its hooks; all that it registers counts, or nothing."""
    start = perf_counter()
    collected: list[tuple[str, Entry[Any]]] = []
    problem = None
    printed = _Overheard(sys.stderr)
    try:
        # What a plugin prints must not get between the lines of --json.
        with redirect_stdout(cast("TextIO", printed)):
            check_contract(source, distribution=plugin.distribution)
            module = source.load() if isinstance(source, metadata.EntryPoint) else _import_file(source, plugin.module)
            _call_hooks(module, plugin, collected)
    except ArtbenchError as error:
        collected.clear()
        problem = str(error).removesuffix(".").replace("\n", " ")
    except (Exception, SystemExit) as error:
        collected.clear()
        problem = f"{type(error).__name__}: {error}".replace("\n", " ")
    registered: dict[str, tuple[str, ...]] = {}
    for kind, entry in collected:
        registered[kind] = (*registered.get(kind, ()), entry.item.name)
    seconds = perf_counter() - start
    loaded = replace(
        plugin,
        file=_file_of(source),
        registered=registered,
        seconds=seconds,
        prints=printed.heard,
        problem=problem,
    )
    return loaded, collected


def _import_file(file: Path, name: str) -> ModuleType:
    spec = util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python file")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _call_hooks(module: object, plugin: Plugin, collected: list[tuple[str, Entry[Any]]]) -> None:
    # A manager of its own for each plugin: what one of them raises can't keep another from being asked.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, plugin.name)
    manager.check_pending()
    for kind, spec_type in KINDS.items():

        def register(item: object, *, kind: str = kind, spec_type: type = spec_type) -> None:
            checked = _checked(item, kind, spec_type)
            if any(other == kind and entry.item.name == checked.name for other, entry in collected):
                raise ValueError(f"registers two {kind}s called {checked.name!r}")
            collected.append((kind, Entry(checked, plugin.name, plugin.distribution)))

        getattr(manager.hook, f"register_{kind}s")(register=register)


def _checked(item: Any, kind: str, spec_type: Any) -> Any:
    if not isinstance(item, (spec_type, Family)):
        raise TypeError(f"registers a {type(item).__name__} as a {kind}, not a {spec_type.__name__} or a Family")
    if not isinstance(item.name, str) or not _NAME.fullmatch(item.name):
        raise ValueError(f"{item.name!r} can't be the name of a {kind}: letters, digits and . _ + - only")
    if not isinstance(item.description, str) or not item.description or "\n" in item.description:
        raise ValueError(f"the description of {kind} {item.name} is not one line of text")
    if isinstance(item, TaskSpec) and item.target not in (targets := get_args(TargetKind)):
        raise ValueError(f"the target of task {item.name} is {item.target!r}, not one of {', '.join(targets)}")
    return item


def check_contract(source: metadata.EntryPoint | Path, *, distribution: str) -> None:
    """Refuse a plugin that states another contract than this artbench has; one that states none is taken as it is.

    What it states is read from its source, since importing it might fail for the very reason.

    Args:
        source: The plugin's entry point or its file.
        distribution: What to install another release of.

    Raises:
        ArtbenchError: It was made for another contract, or what it states is no whole number.
    """
    stated = stated_contract(source)
    if stated is None or stated == str(CONTRACT):
        return
    if not stated.isdecimal():
        raise ArtbenchError(f"its {_SAID} is {stated}", mend=f"A whole number is meant, such as {CONTRACT}")
    raise ArtbenchError(
        f"it was made for contract {stated} of plugins, and artbench {metadata.version('artbench')} has contract "
        f"{CONTRACT}",
        mend=f"Install a release of {distribution} for contract {CONTRACT}, or an artbench that has contract {stated}",
    )


def stated_contract(source: metadata.EntryPoint | Path) -> str | None:
    """What a plugin states, as it is written in its source; None where it states nothing."""
    return _stated(_source(source))


def _source(source: metadata.EntryPoint | Path) -> str:
    if isinstance(source, Path):
        return source.read_bytes().decode(errors="replace")
    spec = util.find_spec(source.module)
    # A module that has no source, such as a compiled one, states nothing.
    read = getattr(spec and spec.loader, "get_source", None)
    return (read and read(source.module)) or ""


def _stated(text: str) -> str | None:
    """What the module's own lines assign to `ARTBENCH_CONTRACT`, as it is written there."""
    # Every start waits for this: only who states something is parsed.
    if _SAID not in text:
        return None
    for line in ast.parse(text).body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == _SAID:
                return ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name == _SAID:
                return ast.unparse(value)
    return None
