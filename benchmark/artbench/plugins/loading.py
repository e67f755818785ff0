"""Loading plugins and calling their hooks, so that none can break another or slow down the start."""

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from importlib import metadata, util
from importlib.machinery import SourceFileLoader
from inspect import signature
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from types import CodeType, ModuleType
from typing import Any, TextIO, cast

import pluggy

from artbench import hookspecs
from artbench.errors import ArtbenchError
from artbench.plugins.catalogue import GROUP, Catalogue, Entry
from artbench.plugins.contract import check_contract
from artbench.plugins.known import remember
from artbench.plugins.registry import Plugin, Registry
from artbench.plugins.sources import Source, sources
from artbench.specs import (
    BackboneSpec,
    DatasetSpec,
    Family,
    MetricSpec,
    PretrainingSpec,
    ProtocolSpec,
    TargetSpec,
    TaskSpec,
)
from artbench.specs.fields import check_fields, shortened
from artbench.specs.variants import did_you_mean

KINDS: Mapping[str, type] = {
    "backbone": BackboneSpec,
    "pretraining": PretrainingSpec,
    "dataset": DatasetSpec,
    "task": TaskSpec,
    "target": TargetSpec,
    "metric": MetricSpec,
    "protocol": ProtocolSpec,
}
# Of which there are few, each with a name.
_WITHOUT_FAMILIES = ("target", "metric", "protocol")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}")


def load_plugins(files: Sequence[Path] = (), *, only: str | None = None) -> Registry:
    """Load all installed plugins and those in `files`; one that fails is left out, with its reason.

    Args:
        files: Python files that implement hooks.
        only: Names of plugins or distributions, separated by commas: besides the built-in plugins only these are
            loaded. Empty: the built-in ones alone. None: what `ARTBENCH_PLUGINS` says, or else all.

    Raises:
        UsageError: One of `files` does not exist, or is not a Python file; or no plugin has a name in `only`.
        ArtbenchError: The built-in plugins are not all installed.

    Examples:
        >>> from artbench.plugins import load_plugins
        >>> registry = load_plugins()
        >>> registry.tasks.get("sample-style").dataset
        'sample'
    """
    loaded = _with_known_targets([load_plugin(source, plugin) for source, plugin in sources(files, only=only)])
    if not any(plugin.registered.get("target") for plugin, _ in loaded if plugin.distribution == GROUP):
        # Entry points are written when a checkout is installed, not when it is updated.
        raise ArtbenchError(
            "artbench's own plugins are not all installed",
            mend="Install artbench again; in a checkout, `pip install -e .`",
        )

    def catalogue(kind: str) -> Catalogue[Any]:
        return Catalogue(kind, [entry for _, registered in loaded for one, entry in registered if one == kind])

    registry = Registry(
        plugins=tuple(plugin for plugin, _ in loaded),
        backbones=catalogue("backbone"),
        pretrainings=catalogue("pretraining"),
        datasets=catalogue("dataset"),
        tasks=catalogue("task"),
        targets=catalogue("target"),
        metrics=catalogue("metric"),
        protocols=catalogue("protocol"),
    )
    remember(registry)
    return registry


def _with_known_targets(
    loaded: list[tuple[Plugin, list[tuple[str, Entry[Any]]]]],
) -> list[tuple[Plugin, list[tuple[str, Entry[Any]]]]]:
    """Leave plugins out that ask for kinds of target that none registers, or take names that are on records.

    Records know metrics, kinds of target and protocols by their names alone, so that a name is that of the first plugin
    that has it, of the built-in ones before others.
    """
    owners: dict[tuple[str, str], Plugin] = {}
    for plugin, registered in sorted(loaded, key=lambda one: one[0].distribution != GROUP):
        for kind, entry in registered:
            owners.setdefault((kind, entry.item.name), plugin)
    targets = [name for kind, name in owners if kind == "target"]
    checked = []
    for plugin, registered in loaded:
        taken = [(kind, entry.item.name) for kind, entry in registered if kind in _WITHOUT_FAMILIES]
        for kind, name in taken:
            if (owner := owners[kind, name]) is not plugin:
                problem = (
                    f"its {kind} {name} is called as one of plugin {owner.name} of {owner.distribution} is: rename it"
                )
                plugin, registered = replace(plugin, problem=f"ValueError: {problem}", registered={}), []
                break
        asked = [(kind, entry.item) for kind, entry in registered if isinstance(entry.item, TaskSpec | MetricSpec)]
        strange = [(kind, item) for kind, item in asked if item.target not in targets]
        for kind, item in strange[:1]:
            problem = f"the target of {kind} {item.name} is {item.target!r}, not one of {', '.join(targets) or 'none'}"
            plugin, registered = replace(plugin, problem=f"ValueError: {problem}", registered={}), []
        checked.append((plugin, registered))
    return checked


def _file_of(source: Source) -> str:
    """Return the file of a plugin's module, even if it can't be imported."""
    if isinstance(source, Path):
        return str(source.absolute())
    with suppress(Exception):
        spec = sys.modules[source.module].__spec__ if source.module in sys.modules else util.find_spec(source.module)
        return (spec and spec.origin) or ""
    return ""


def _line_of(error: BaseException, file: str) -> str:
    """Return the last line of a plugin's own code on the way to an error, in brackets; empty if there is none."""
    folder = Path(file).parent if Path(file).name == "__init__.py" else None
    for frame in reversed(extract_tb(error.__traceback__)):
        place = Path(frame.filename).absolute()
        if place == Path(file) or (folder is not None and place.is_relative_to(folder)):
            return f" ({place.name}, line {frame.lineno})"
    return ""


class _Watched:
    """A stream that passes text on to another one, and remembers whether any came."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.written = False

    def write(self, text: str) -> int:
        self.written = True
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def load_plugin(source: Source, plugin: Plugin) -> tuple[Plugin, list[tuple[str, Entry[Any]]]]:
    """Import one plugin and call its hooks. If anything fails, nothing of what it registered is kept."""
    start = perf_counter()
    collected: list[tuple[str, Entry[Any]]] = []
    problem = None
    printed = _Watched(sys.stderr)
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
        problem = f"{type(error).__name__}: {error}{_line_of(error, _file_of(source))}".replace("\n", " ")
    registered: dict[str, tuple[str, ...]] = {}
    for kind, entry in collected:
        registered[kind] = (*registered.get(kind, ()), entry.item.name)
    file, seconds = _file_of(source), perf_counter() - start
    loaded = replace(plugin, file=file, registered=registered, seconds=seconds, prints=printed.written, problem=problem)
    return loaded, collected


class _AsItIs(SourceFileLoader):
    """Compiles a file at each import; a file that is changed within a second keeps its compiled code otherwise."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _import_file(file: Path, name: str) -> ModuleType:
    loader = _AsItIs(name, str(file)) if file.suffix == ".py" else None
    spec = util.spec_from_file_location(name, file, loader=loader)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python file")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _call_hooks(module: object, plugin: Plugin, collected: list[tuple[str, Entry[Any]]]) -> None:
    # One manager per plugin: an error in one must not stop the others.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    _check_hooks(module)
    manager.register(module, plugin.name)
    for kind, spec_type in KINDS.items():

        def register(item: object, *, kind: str = kind, spec_type: type = spec_type) -> None:
            checked = _checked(item, kind, spec_type)
            if any(other == kind and entry.item.name == checked.name for other, entry in collected):
                raise ValueError(f"registers two {kind}s called {checked.name!r}")
            collected.append((kind, Entry(checked, plugin.name, plugin.distribution)))

        getattr(manager.hook, f"register_{kind}s")(register=register)


def _check_hooks(module: object) -> None:
    """Raise if a function that is marked as a hook has another name or arguments than a hook."""
    known = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, f"{GROUP}_spec")}
    for name, function in vars(module).items():
        if not hasattr(function, f"{GROUP}_impl"):
            continue
        if name not in known:
            hint = did_you_mean(name, list(known)) or f"There are {', '.join(known)}"
            raise ArtbenchError(f"there is no hook {name!r}", mend=hint)
        given, wanted = signature(function).parameters, list(signature(known[name]).parameters)
        if extra := [one for one in given if one not in wanted]:
            raise ArtbenchError(f"its hook {name} takes {', '.join(extra)}", mend=f"It is given {', '.join(wanted)}")


def _checked(item: Any, kind: str, spec_type: Any) -> Any:
    if not isinstance(item, spec_type if kind in _WITHOUT_FAMILIES else (spec_type, Family)):
        wanted = spec_type.__name__ + " or a Family" * (kind not in _WITHOUT_FAMILIES)
        raise TypeError(f"registers a {type(item).__name__} as a {kind}, not a {wanted}")
    if not isinstance(item.name, str) or not _NAME.fullmatch(item.name):
        raise ValueError(f"{shortened(item.name)} can't be the name of a {kind}: letters, digits and . _ + - only")
    check_fields(item)
    if not isinstance(item.description, str) or not item.description or "\n" in item.description:
        raise ValueError(f"the description of {kind} {item.name} is not one line of text")
    return item
