"""Everything that a plugin registers, put to the checks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.data.folders import dataset_folder
from artbench.errors import ArtbenchError
from artbench.hookspecs import CONTRACT
from artbench.plugins.loading import sources, stated_contract
from artbench.plugins.registry import GROUP, Plugin, Registry
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Reporter
from artbench.specs import BackboneSpec, DatasetSpec, Family, PretrainingSpec, TaskSpec, load_factory
from artbench.testing.checks import Broken, Check, Fault, examined, factory_of, line, some
from artbench.testing.loading_time import loading_time

# Of a family, so many of its things are looked at.
_OF_A_FAMILY = 2
_LARGEST = 100_000_000
_TRIED = 12
_UNKNOWN = "no-such-name-of-anything"


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


@dataclass(frozen=True, kw_only=True)
class Resolving:
    """A family at work.

    Attributes:
        family: What was registered.
        spec_type: Of what it resolves to.
        names: All that it knows.
    """

    family: Family[Any]
    spec_type: type
    names: Sequence[str]

    def spread(self, count: int = _TRIED) -> list[str]:
        """Some of the names, spread over all of them."""
        last = len(self.names) - 1
        places = sorted({number * last // max(1, count - 1) for number in range(count)}) if self.names else []
        return [self.names[place] for place in places]


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
        if "shares the name" in remark.message:
            yield Finding(name="names", status="WARN", message=remark.message, mend="Choose a name that is not taken")


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


def examine_family(family: Family[Any], spec_type: type) -> list[Finding]:
    """All findings about a family; what its names stand for is examined as any other."""
    return examined(lambda: make_resolving(family, spec_type), FAMILY_CHECKS)


def make_resolving(family: Family[Any], spec_type: type) -> Resolving:
    """Ask a family for its names.

    Raises:
        Broken: It does not say them.
    """
    factory_of(family.resolve, name="resolve")
    try:
        names = list(factory_of(family.names, name="names")())
    except Broken:
        raise
    except Exception as error:
        mend = "Return the names, or () where they are not known beforehand: searches and nearest names use them"
        raise Broken("names", Fault(f"names() raises {line(error)}", mend)) from error
    if not all(isinstance(name, str) and name for name in names):
        raise Broken("names", Fault("names() gives what is no text", "Return texts"))
    return Resolving(family=family, spec_type=spec_type, names=names)


def resolved(resolving: Resolving) -> Iterator[Fault]:
    """Every name that it gives it resolves, to a spec of that name."""
    wrong = []
    for name in resolving.spread():
        try:
            spec: Any = load_factory(resolving.family.resolve)(name)
        except Exception as error:
            wrong.append(f"{name} ({line(error)})")
            continue
        if not isinstance(spec, resolving.spec_type):
            wrong.append(f"{name} ({type(spec).__name__})")
        elif (called := getattr(spec, "name", "")) != name:
            wrong.append(f"{name} (a spec called {called})")
    if wrong:
        mend = f"Give in names() what resolve() turns into a {resolving.spec_type.__name__} of that name, and no more"
        yield Fault(
            f"{len(wrong)} of {len(resolving.spread())} names that were tried are not resolved: {some(wrong)}", mend
        )


def unknown_names(resolving: Resolving) -> Iterator[Fault]:
    """A name that it does not know is answered with None: every name is put to every family."""
    for name in (_UNKNOWN, "", "a:b/c"):
        try:
            found = load_factory(resolving.family.resolve)(name)
        except Exception as error:
            mend = "Return None for whatever is not yours: raising keeps people from other plugins' names"
            yield Fault(f"resolve({name!r}) raises {line(error)}", mend)
            return
        if found is not None:
            yield Fault(f"resolve({name!r}) gives {found!r:.80}", "Return None for a name that is not yours")


def distinct_names(resolving: Resolving) -> Iterator[Fault]:
    """Its names differ."""
    if len(set(resolving.names)) < len(resolving.names):
        yield Fault("names() gives a name twice", "Give each name once")


def expanded(resolving: Resolving) -> Iterator[Fault]:
    """What does not stand for several things expands to nothing."""
    if resolving.family.expand is None:
        return
    try:
        found = list(load_factory(resolving.family.expand)(_UNKNOWN))
    except ArtbenchError as error:
        found = [error.message]
    except Exception as error:
        found = [line(error)]
    if found:
        yield Fault(f"expand({_UNKNOWN!r}) gives {some(found)}", "Return () for a name that is not yours")


FAMILY_CHECKS: tuple[Check[Resolving], ...] = (resolved, unknown_names, distinct_names, expanded)
