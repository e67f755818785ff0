"""What is known in this process by its name on record: kinds of target, metrics, protocols, datasets and tasks.

A name means one thing in a process, whoever asks: a run, a leaderboard or the check of a record.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from artbench.errors import ArtbenchError
from artbench.plugins.catalogue import GROUP, Catalogue, Entry
from artbench.plugins.registry import Registry
from artbench.protocol import remember_protocols
from artbench.specs import AnswerForm, MetricSpec, ProtocolSpec, TargetSpec, TaskSpec
from artbench.specs.targets import SEARCHED
from artbench.specs.variants import did_you_mean

_targets: dict[str, TargetSpec] = {}
_metrics: dict[str, MetricSpec] = {}
_registries: list[Registry] = []
_protocols: dict[str, ProtocolSpec] = {}
# Version of each distribution that registered a protocol, by the name of the protocol.
_origins: dict[str, Mapping[str, str]] = {}


def remember(registry: Registry) -> None:
    """Add what plugins have registered; no other plugin takes the name of a built-in one."""
    _add(registry.targets, _targets)
    _add(registry.metrics, _metrics)
    _registries[:] = [registry]
    _add(registry.protocols, _protocols)
    remember_protocols(spec.protocol for spec in _protocols.values() if spec.choices is None)
    for entry, spec in registry.protocols.specs():
        _origins[spec.name] = {} if entry.distribution == GROUP else {entry.distribution: registry.version_of(entry)}


def _add(catalogue: Catalogue[Any], known: dict[str, Any]) -> None:
    for _, spec in sorted(catalogue.specs(), key=lambda one: one[0].distribution == GROUP):
        known[spec.name] = spec
    # As they were registered: the built-in ones first.
    order = [spec.name for _, spec in catalogue.specs()]
    for name in [*order, *(name for name in known if name not in order)]:
        known[name] = known.pop(name)


def known_targets() -> Mapping[str, TargetSpec]:
    """Return the kinds of target by name; loads the installed plugins if none are loaded yet."""
    if not _targets:
        _load()
    return _targets


def known_metrics() -> Mapping[str, MetricSpec]:
    """Return the metrics by name; loads the installed plugins if none are loaded yet."""
    if not _metrics:
        _load()
    return _metrics


def known_registry() -> Registry:
    """Return what plugins registered when they were last loaded, for a family that makes tasks of other tasks."""
    if not _registries:
        _load()
    return _registries[0]


def known_protocols() -> Mapping[str, ProtocolSpec]:
    """Return the protocols by name; loads the installed plugins if none are loaded yet."""
    if not _protocols:
        _load()
    return _protocols


def origin_of(protocol: str) -> Mapping[str, str]:
    """Return the version of the distribution that registered a protocol; empty of a built-in one."""
    return _origins.get(protocol, {})


def form_of(target: str) -> AnswerForm:
    """Return the form of the answers to a kind of target.

    Raises:
        ArtbenchError: No plugin here registers it.

    Examples:
        >>> from artbench.plugins.known import form_of
        >>> form_of("year")
        'number'
    """
    return target_named(target).answer


def is_searched(target: str) -> bool:
    """Whether a kind of target compares pictures with each other, so that nothing is fitted.

    Raises:
        ArtbenchError: No plugin here registers it.

    Examples:
        >>> from artbench.plugins.known import is_searched
        >>> is_searched("retrieval"), is_searched("year")
        (True, False)
    """
    return form_of(target) in SEARCHED


def plain_target(form: AnswerForm) -> str:
    """Return the name of the first kind of target that is answered in a form, which is a built-in one.

    Examples:
        >>> from artbench.plugins.known import plain_target
        >>> plain_target("labels")
        'multi-label'
    """
    return next(name for name, spec in known_targets().items() if spec.answer == form)


def target_named(name: str) -> TargetSpec:
    """Return a kind of target by name.

    Raises:
        ArtbenchError: No plugin here registers it.
    """
    found = known_targets().get(name)
    if found is None:
        raise ArtbenchError(f"there is no kind of target {name!r}", mend=f"There are {', '.join(known_targets())}")
    return found


def asked_metrics(spec: TaskSpec) -> tuple[str, ...]:
    """Return the names of a task's metrics, those of its kind of target first."""
    return tuple(dict.fromkeys((*target_named(spec.target).metrics, spec.primary_metric, *spec.metrics)))


def check_metrics(spec: TaskSpec, *, classes: int | None = None) -> None:
    """Raise ArtbenchError if a metric of a task is none for its kind of target, or the primary one can't rank.

    Args:
        spec: The task.
        classes: Number of its classes; None: not known yet.
    """
    of_kind = {name: metric for name, metric in known_metrics().items() if metric.target == spec.target}
    for name in asked_metrics(spec):
        if name not in of_kind:
            listed = f"State one of these: {', '.join(of_kind) or 'there is none'}"
            raise ArtbenchError(
                f"task {spec.name} has the metric {name!r}, which no plugin has for {spec.target} targets",
                mend=" ".join(filter(None, (did_you_mean(name, list(of_kind)), listed))),
            )
    primary, why = of_kind[spec.primary_metric], ""
    if not primary.ranks:
        why = "it does not say which encoder is better"
    elif classes is not None and classes < primary.fewest_classes:
        why = f"of {classes} classes it says nothing, it needs {primary.fewest_classes}"
    if why:
        ranking = [name for name, metric in of_kind.items() if metric.ranks and not metric.fewest_classes]
        raise ArtbenchError(
            f"task {spec.name} can't rank by {primary.name}: {why}",
            mend=f"State one of these: {', '.join(ranking) or 'there is none'}",
        )


def asked_of(spec: TaskSpec, registry: Registry) -> Iterator[Entry[Any]]:
    """Yield the entries of a task's kind of target and metrics that are not built in."""
    asked = {spec.target} | set(asked_metrics(spec))
    catalogues: tuple[Catalogue[Any], ...] = (registry.targets, registry.metrics)
    for entry, found in (one for catalogue in catalogues for one in catalogue.specs()):
        if found.name in asked and entry.distribution != GROUP:
            yield entry


def _load() -> None:
    from artbench.plugins.loading import load_plugins

    load_plugins()
