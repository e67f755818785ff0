"""Checks of everything that a plugin registers, and of how it loads."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.hookspecs import CONTRACT
from artbench.plugins.catalogue import GROUP, Entry
from artbench.plugins.contract import stated_contract
from artbench.plugins.loading import KINDS
from artbench.plugins.registry import Plugin, Registry
from artbench.plugins.remarks import shared_names
from artbench.plugins.sources import sources
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.progress import Reporter
from artbench.specs import (
    BackboneSpec,
    DatasetSpec,
    Family,
    MetricSpec,
    PretrainingSpec,
    ProtocolSpec,
    TargetSpec,
    load_factory,
)
from artbench.testing.checks import Broken, Fault, factory_of, line, run_checks, some, spread
from artbench.testing.loading_time import loading_time

# How many names of a family are checked, how many are resolved, and the most parameters of one that is checked.
_CHECKED, _RESOLVED, _LARGEST = 2, 12, 100_000_000
_UNKNOWN = "no-such-name-of-anything"


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """What the checks of a plugin need to know.

    Attributes:
        backbone: Backbone to check pretrainings with; None: a tiny network.
        of_families: Members of families to check, instead of a few that they list.
    """

    registry: Registry
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    backbone: BackboneSpec | None = None
    of_families: tuple[str, ...] = ()
    reporter: Reporter

    def examine(self, plugin: Plugin) -> Iterator[tuple[str, Finding]]:
        """Yield what was checked, such as `backbone hog`, with each finding about it."""
        self.reporter.notice(f"plugin {plugin.name}: loading it by itself")
        for finding in examine_loading(plugin, self.registry):
            yield "plugin", finding
        for kind, names in plugin.registered.items():
            for entry in getattr(self.registry, f"{kind}s").entries:
                owner = (entry.distribution, entry.plugin)
                if owner == (plugin.distribution, plugin.name) and entry.item.name in names:
                    yield from self._entry(kind, entry)

    def _entry(self, kind: str, entry: Entry[Any]) -> Iterator[tuple[str, Finding]]:
        item = entry.item
        if not isinstance(item, Family):
            yield from self._spec(kind, item)
            return
        for finding in examine_family(item, KINDS[kind]):
            yield f"{kind} family {item.name}", finding
        # What fails here is reported by the checks of the family.
        names: Sequence[str] = ()
        with suppress(Broken):
            names = self.of_families or _small(list_names(item, KINDS[kind]))
        for name in names:
            with suppress(Exception):
                spec = getattr(self.registry, f"{kind}s").member(entry, item, name)
                if isinstance(spec, KINDS[kind]):
                    yield from self._spec(kind, spec)

    def _spec(self, kind: str, spec: Any) -> Iterator[tuple[str, Finding]]:
        what = f"{kind} {spec.name}"
        self.reporter.notice(what)
        try:
            found = self._findings(spec)
        except ArtbenchError as error:
            # Something that the checks need is not there, which is no fault of the plugin.
            mend = error.mend.removesuffix(".")
            found = [Finding(name="checks", status="SKIP", message=error.message, mend=mend)]
        except Exception as error:
            found = [failed("checks", f"raises {line(error)}", mend="Fix what raises it")]
        for finding in found:
            yield what, finding

    def _findings(self, spec: Any) -> list[Finding]:
        # Imported here: a plugin that registers tasks is checked without torch.
        if isinstance(spec, BackboneSpec):
            from artbench.testing.backbone import examine_backbone

            return examine_backbone(spec)
        if isinstance(spec, PretrainingSpec):
            from artbench.testing.pretraining import examine_pretraining

            return examine_pretraining(spec, backbone=self.backbone)
        if isinstance(spec, MetricSpec | TargetSpec):
            from artbench.testing.metric import examine_metric, examine_target

            return examine_metric(spec) if isinstance(spec, MetricSpec) else examine_target(spec)
        if isinstance(spec, ProtocolSpec):
            from artbench.testing.protocol import examine_protocol

            return examine_protocol(spec)
        dataset = spec if isinstance(spec, DatasetSpec) else self.registry.datasets.get(spec.dataset)
        root = self.paths.folder(dataset, reporter=self.reporter)
        if isinstance(spec, DatasetSpec):
            from artbench.testing.dataset import examine_dataset, tasks_on

            return examine_dataset(spec, root, tasks=tasks_on(spec, self.registry))
        from artbench.testing.task import examine_task

        return examine_task(spec, root, dataset=dataset)


def examine_loading(plugin: Plugin, registry: Registry) -> Iterator[Finding]:
    """Yield findings about how a plugin loads: whether, how fast, what it prints, and for which contract it is."""
    if plugin.problem:
        yield failed("loading", f"left out: {plugin.problem}", mend="Fix its module")
        return
    if plugin.registered:
        yield passed("loading", "It loads, and registers something")
    else:
        mend = "Mark its hooks with @artbench.hookimpl, and call `register` in them"
        yield failed("loading", "it registers nothing", mend=mend)
    yield _contract(plugin)
    taken = loading_time(plugin)
    message = f"loading it takes {taken}" + (f"; it imports {' and '.join(taken.heavy)}" if taken.heavy else "")
    yield failed("start", message, mend=taken.mend) if taken.slow else passed("start", message)
    if plugin.prints:
        mend = "Use `logging`: what it prints at every start goes to stderr"
        yield failed("stdout", "it prints while it is loaded", mend=mend)
    for remark in shared_names(plugin, registry):
        yield warned("names", remark.message, mend="Choose a name that no other plugin uses")


def _contract(plugin: Plugin) -> Finding:
    if plugin.distribution == GROUP:
        return passed("contract", "It is part of artbench itself")
    files = [Path(plugin.file)] if plugin.distribution.endswith(".py") else []
    known = {(other.distribution, other.name): source for source, other in sources(files)}
    if stated_contract(known[plugin.distribution, plugin.name]) is None:
        mend = f"Write ARTBENCH_CONTRACT = {CONTRACT} into the module with its hooks"
        return warned("contract", "it does not state the contract of plugins that it was written for", mend=mend)
    return passed("contract", f"It was written for contract {CONTRACT} of plugins")


@dataclass(frozen=True, kw_only=True)
class ListedFamily:
    """A family with the names that it lists; it resolves them to instances of `spec_type`."""

    family: Family[Any]
    spec_type: type
    names: Sequence[str]

    def some_names(self, count: int = _RESOLVED) -> list[str]:
        """Return some of the names, spread over all of them."""
        return [self.names[place] for place in spread(len(self.names), count)]


def examine_family(family: Family[Any], spec_type: type) -> list[Finding]:
    """Return every finding about a family itself; the specs it resolves names to are checked as any others."""
    return run_checks(lambda: list_names(family, spec_type), FAMILY_CHECKS)


def list_names(family: Family[Any], spec_type: type) -> ListedFamily:
    """Return a family with its names, or raise `Broken` if it does not list them."""
    factory_of(family.resolve, name="resolve")
    list_all = factory_of(family.names, name="names")
    try:
        names = list(list_all())
    except Exception as error:
        mend = "Return the names, or () where they are not known in advance: searches and suggestions use them"
        raise Broken("names", f"names() raises {line(error)}", mend) from error
    if not all(isinstance(name, str) and name for name in names):
        raise Broken("names", "names() returns something other than texts", "Return texts")
    return ListedFamily(family=family, spec_type=spec_type, names=names)


def _small(listed: ListedFamily) -> list[str]:
    """Return a few of the names: the smallest of those tried, where the family says how large they are."""
    if listed.family.particulars is None:
        return listed.some_names(_CHECKED)
    particulars = load_factory(listed.family.particulars)
    sizes = [(particulars(name).parameters, name) for name in listed.some_names()]
    return [name for _, name in sorted((size, name) for size, name in sizes if size and size <= _LARGEST)[:_CHECKED]]


def resolved(listed: ListedFamily) -> Iterator[Fault]:
    """Every name that it lists is resolved, to a spec of that name."""
    wrong, tried = [], listed.some_names()
    for name in tried:
        try:
            spec: Any = load_factory(listed.family.resolve)(name)
        except Exception as error:
            wrong.append(f"{name} ({line(error)})")
            continue
        if not isinstance(spec, listed.spec_type):
            wrong.append(f"{name} ({type(spec).__name__})")
        elif (called := getattr(spec, "name", "")) != name:
            wrong.append(f"{name} (a spec called {called})")
    if wrong:
        message = f"{len(wrong)} of {len(tried)} names that were tried are not resolved: {some(wrong)}"
        kind = listed.spec_type.__name__
        yield Fault(message, f"List in names() only what resolve() turns into a {kind} of that name")


def unknown_names(listed: ListedFamily) -> Iterator[Fault]:
    """resolve() returns None for a name that it does not know: every family is asked for every name.

    That of a library may leave it to names().
    """
    for name in (_UNKNOWN, "", "a:b/c"):
        try:
            found = load_factory(listed.family.resolve)(name)
        except Exception as error:
            mend = "Return None for a name of another plugin: an exception makes that plugin's names unusable"
            yield Fault(f"resolve({name!r}) raises {line(error)}", mend)
            return
        if found is not None and (not listed.family.library or name in listed.names):
            yield Fault(f"resolve({name!r}) gives {found!r:.80}", "Return None for a name of another plugin")


def distinct_names(listed: ListedFamily) -> Iterator[Fault]:
    """Its names differ."""
    if len(set(listed.names)) < len(listed.names):
        yield Fault("names() lists a name twice", "List each name once")


def expanded(listed: ListedFamily) -> Iterator[Fault]:
    """expand() returns nothing for a name that does not stand for several."""
    if listed.family.expand is None:
        return
    try:
        found = list(load_factory(listed.family.expand)(_UNKNOWN))
    except Exception as error:
        found = [line(error)]
    if found:
        yield Fault(f"expand({_UNKNOWN!r}) gives {some(found)}", "Return () for a name of another plugin")


FAMILY_CHECKS = [resolved, unknown_names, distinct_names, expanded]
