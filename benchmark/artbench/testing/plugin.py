"""Everything that a plugin registers, put to the checks."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.data.folders import dataset_folder
from artbench.errors import ArtbenchError
from artbench.hookspecs import CONTRACT
from artbench.plugins.contract import stated_contract
from artbench.plugins.loading import GROUP, Plugin, Registry, sources
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, DatasetSpec, Family, PretrainingSpec, TaskSpec, load_factory
from artbench.testing.checks import Broken, line
from artbench.testing.family import Resolving, examine_family, make_resolving
from artbench.testing.finding import Finding
from artbench.testing.loading_time import loading_time

# Of a family, so many of its things are looked at.
_OF_A_FAMILY = 2
_LARGEST = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """What the checks of a plugin need to know.

    Attributes:
        registry: All plugins.
        data_root: See `artbench.data.folders.dataset_folder`.
        placed: See `artbench.data.folders.dataset_folder`.
        backbone: For pretrainings; None: a tiny network.
        of_families: Names that families are asked for, in the place of a few of their own.
        reporter: Told what is being looked at.
    """

    registry: Registry
    data_root: Path | None
    placed: Mapping[str, Path] = field(default_factory=dict)
    backbone: BackboneSpec | None = None
    of_families: tuple[str, ...] = ()
    reporter: Reporter

    def examine(self, plugin: Plugin) -> Iterator[tuple[str, Finding]]:
        """What was looked at, such as `backbone hog`, with each finding about it."""
        self.reporter.notice(f"plugin {plugin.name}: loading it by itself")
        for finding in examine_loading(plugin, self.registry):
            yield "plugin", finding
        for kind, names in plugin.registered.items():
            catalogue = getattr(self.registry, f"{kind}s")
            for entry in catalogue.entries:
                if (entry.distribution, entry.plugin) == (
                    plugin.distribution,
                    plugin.name,
                ) and entry.item.name in names:
                    yield from self._entry(kind, entry.item)

    def _entry(self, kind: str, item: Any) -> Iterator[tuple[str, Finding]]:
        if isinstance(item, Family):
            spec_type = {
                "backbone": BackboneSpec,
                "pretraining": PretrainingSpec,
                "dataset": DatasetSpec,
                "task": TaskSpec,
            }[kind]
            for finding in examine_family(item, spec_type):
                yield f"{kind} family {item.name}", finding
            for spec in self._members(item, spec_type):
                yield from self._spec(kind, spec)
        else:
            yield from self._spec(kind, item)

    def _members(self, family: Family[Any], spec_type: type) -> list[Any]:
        found = []
        # What fails here is told by the checks of the family.
        with suppress(Broken):
            names = self.of_families or _small(make_resolving(family, spec_type))
            for name in names:
                with suppress(Exception):
                    found.append(load_factory(family.resolve)(name))
        return [spec for spec in found if isinstance(spec, spec_type)]

    def _spec(self, kind: str, spec: Any) -> Iterator[tuple[str, Finding]]:
        what = f"{kind} {spec.name}"
        self.reporter.notice(what)
        try:
            found = self._findings(spec)
        except ArtbenchError as error:
            # What it takes is not there: that is nobody's fault.
            mend = error.mend.removesuffix(".")
            found = [Finding(name="checks", status="SKIP", message=error.message, mend=mend)]
        except Exception as error:
            found = [Finding(name="checks", status="FAIL", message=f"raises {line(error)}", mend="Mend what raises it")]
        for finding in found:
            yield what, finding

    def _findings(self, spec: Any) -> list[Finding]:
        # Imported here: torch is not needed to look at a plugin that registers tasks.
        if isinstance(spec, BackboneSpec):
            from artbench.testing.backbone import examine_backbone

            return examine_backbone(spec)
        if isinstance(spec, PretrainingSpec):
            from artbench.testing.pretraining import examine_pretraining

            return examine_pretraining(spec, backbone=self.backbone)
        if isinstance(spec, DatasetSpec):
            from artbench.testing.dataset import examine_dataset, tasks_on

            return examine_dataset(spec, self._folder(spec), tasks=tasks_on(spec, self.registry))
        from artbench.testing.task import examine_task

        dataset = self.registry.datasets.get(spec.dataset)
        return examine_task(spec, self._folder(dataset), dataset=dataset)

    def _folder(self, spec: DatasetSpec) -> Path:
        return dataset_folder(spec, data_root=self.data_root, placed=self.placed, reporter=self.reporter)


def _small(resolving: Resolving) -> list[str]:
    """A few of a family's names: where it says how large its things are, the smallest of those that were looked at."""
    if resolving.family.particulars is None:
        return resolving.spread(_OF_A_FAMILY)
    particulars = load_factory(resolving.family.particulars)
    sizes = {name: particulars(name).parameters for name in resolving.spread()}
    known = [name for name, size in sizes.items() if size is not None and size <= _LARGEST]
    return sorted(known, key=lambda name: sizes[name] or 0)[:_OF_A_FAMILY]


def examine_loading(plugin: Plugin, registry: Registry) -> Iterator[Finding]:
    """How a plugin loads: whether it does, how fast, in silence, and what it says of itself."""
    if plugin.problem:
        yield Finding(
            name="loading",
            status="FAIL",
            message=f"left out: {plugin.problem}",
            mend="Mend its module; --debug shows where",
        )
        return
    if plugin.registered:
        yield Finding(name="loading", status="PASS", message="It loads, and registers something")
    else:
        mend = "Mark its hooks with @artbench.hookimpl, and call `register` in them"
        yield Finding(name="loading", status="FAIL", message="it registers nothing", mend=mend)
    yield _contract(plugin)
    taken = loading_time(plugin)
    yield Finding(
        name="start",
        status="FAIL" if taken.slow else "PASS",
        message=f"loading it takes {taken}" + ("" if not taken.heavy else f"; it imports {' and '.join(taken.heavy)}"),
        mend=taken.mend if taken.slow else "",
    )
    if plugin.prints:
        mend = "Use `logging`: what it prints at every start goes to stderr"
        yield Finding(name="stdout", status="FAIL", message="it prints while it is loaded", mend=mend)
    for remark in registry.remarks(plugin):
        if "shares the name" in remark:
            yield Finding(name="names", status="WARN", message=remark, mend="Choose a name that nobody has")


def _contract(plugin: Plugin) -> Finding:
    if plugin.distribution == GROUP:
        return Finding(name="contract", status="PASS", message="It is part of artbench itself")
    files = [Path(plugin.file)] if plugin.distribution.endswith(".py") else []
    known = {(other.distribution, other.name): source for source, other in sources(files)}
    source = known[plugin.distribution, plugin.name]
    if stated_contract(source) is None:
        return Finding(
            name="contract",
            status="WARN",
            message="it does not say for which contract of plugins it was written",
            mend=f"Write ARTBENCH_CONTRACT = {CONTRACT} into the module with its hooks",
        )
    return Finding(name="contract", status="PASS", message=f"It was written for contract {CONTRACT} of plugins")
