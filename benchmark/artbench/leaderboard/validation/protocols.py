"""Whether a record follows the protocol that it names."""

from collections.abc import Sequence

from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.leaderboard.validation.held_out import check_held_out
from artbench.leaderboard.validation.own_probe import check_own_probe
from artbench.leaderboard.validation.thresholds import check_thresholds
from artbench.plugins.known import form_of
from artbench.protocol import Protocol
from artbench.records.parts import ProbeState
from artbench.records.record import Record
from artbench.records.under import protocol_under
from artbench.specs import AnswerForm, ProtocolSpec, TargetKind
from artbench.specs.targets import SEARCHED
from artbench.stats.metrics import METRICS, metrics_of

UNHEARD_OF = ProtocolSpec(
    name="unheard-of", description="Any protocol of a plugin that is not here.", probe="nowhere:fit"
).protocol


def check_protocol(
    record: Record, target: TargetKind, about: FileFindings, *, absent: Sequence[str] = ()
) -> Protocol | None:
    """Compare probe, neighbours and shots of a record with its protocol.

    Args:
        record: The record.
        target: Kind of target of its task.
        about: Receives what is found.
        absent: Plugins that it names and that are not installed here, of which one may have the protocol.

    Returns:
        The protocol; None if it is unknown, `UNHEARD_OF` if a plugin that is not here may have it.
    """
    protocol = protocol_under(record)
    if protocol is None and absent and record.own_probe is not None:
        about.unchecked(f"the protocol {record.protocol}: needs plugin {' or '.join(absent)}")
        # Values and intervals are made in one way under all protocols of plugins.
        return UNHEARD_OF
    if protocol is None:
        mend = "Use linear-v2, retrieval-v1, robustness-v1 or zero-shot-v1, or upgrade artbench"
        about.fault(f"unknown protocol {record.protocol!r}", mend)
        return None
    if protocol.hash != record.protocol_hash:
        about.fault(f"the hash of {protocol.name} is {protocol.hash[:12]}, not {record.protocol_hash[:12]}")
    if not _is_for(protocol, form_of(target)):
        about.fault(f"{record.protocol} is not a protocol for {target} tasks")
    _check_shots(record, protocol, about)
    _check_prompts(record, protocol, about)
    if protocol.own is not None:
        check_own_probe(record, protocol.own, target, about)
    elif record.own_probes:
        about.fault(f"the probe of {record.protocol} is artbench's own, and the record has that of a plugin")
    elif not protocol.fits:
        _check_unfitted(record, about)
    else:
        _check_fitted(record, protocol, target, about)
    return protocol


def _is_for(protocol: Protocol, form: AnswerForm) -> bool:
    """Whether tasks of a form of answers are measured under a protocol."""
    if protocol.own is not None:
        return form in protocol.own.answers
    if protocol.search is not None or form in SEARCHED:
        return protocol.search is not None and form == protocol.search.asks
    if protocol.zero_shot is not None:
        return form == "class"
    return (protocol.probe.name == "ridge") == (form == "number")


def _check_prompts(record: Record, protocol: Protocol, about: FileFindings) -> None:
    if (record.prompts is None) != (protocol.zero_shot is None):
        about.fault(
            f"prompts {'are missing' if record.prompts is None else 'are of no use'} under {protocol.name}", RERUN
        )
    elif record.prompts is not None:
        templates = record.prompts.templates
        if len(set(templates)) < len(templates) or any(template.count("{}") != 1 for template in templates):
            about.fault("prompts: a template has no place for the class, or is there twice")


def _check_unfitted(record: Record, about: FileFindings) -> None:
    if record.neighbours is not None or record.probes or any(round_.neighbours for round_ in record.rounds):
        about.fault(f"nothing is fitted under {record.protocol}, and it has a probe, or neighbours that vote")
    if "probe" in record.tables:
        about.fault(f"nothing is fitted under {record.protocol}, and it lists the table probe")


def _check_fitted(record: Record, protocol: Protocol, target: TargetKind, about: FileFindings) -> None:
    given, first = record.neighbours, record.probe
    if given is None or first is None or len(record.probes) < len(record.rounds):
        about.fault("probe or neighbours are missing", RERUN)
        return
    if (given.k, given.temperature) != (protocol.neighbours.k, protocol.neighbours.temperature):
        about.fault(f"neighbours: k {given.k} and temperature {given.temperature} are not those of the protocol")
    probes = [("probe", first)]
    probes += [(f"probe of round {number}", probe) for number, probe in enumerate(record.probes) if record.rounds]
    for name, probe in probes:
        _check_probe(probe, protocol, target, name, about)
        _check_groups(probe, record, protocol, name, about)
    check_thresholds(given.thresholds, target, "neighbours", about, chosen=bool(first.validation))
    if set(given.thresholds) != {name for name in given.metrics if name in METRICS and METRICS[name].needs_threshold}:
        about.fault("neighbours: the thresholds are not those that its metrics need")
    if record.rounds and record.rounds[0].probe != first:
        about.fault("the probe is not that of the first round")
    if not all(probe.converged for probe in (first, *record.probes)):
        about.notice("a probe did not converge: the leaderboard will mark it")


def _check_shots(record: Record, protocol: Protocol, about: FileFindings) -> None:
    few, expected = record.few_shot, protocol.few_shot
    if (few is None) != (expected is None):
        about.fault(f"few_shot does not match the protocol {protocol.name}")
    elif few is not None and expected is not None:
        if (few.shots, few.draws, few.seed) != (expected.shots, expected.draws, expected.seed):
            about.fault("few_shot: shots, draws or seed are not those of the protocol")
        if not record.rounds or len(record.rounds) % expected.draws:
            about.fault(f"{len(record.rounds)} rounds are not {expected.draws} draws of each split")
        if not (few.absent or 0) <= few.scarce <= record.dataset.classes:
            about.fault(
                f"few_shot: {few.scarce:,} scarce classes are more than {record.dataset.classes:,}, or fewer than the "
                f"{few.absent or 0:,} that have no image"
            )


def _check_probe(probe: ProbeState, protocol: Protocol, target: TargetKind, name: str, about: FileFindings) -> None:
    expected = protocol.probe
    if probe.name != expected.name or probe.grid != expected.grid:
        about.fault(f"the {name} is not the one of the protocol, or has another grid of penalties")
    elif len(probe.grid_losses) != len(expected.grid):
        about.fault(f"the {name} has {len(probe.grid_losses)} losses for {len(expected.grid)} penalties")
    elif probe.l2 != _chosen(probe.grid, probe.grid_losses):
        about.fault(f"the {name} has the penalty {probe.l2:g}, which does not have the smallest loss")
    # Only the smallest penalties may be untried.
    elif (tried := [loss is not None for loss in probe.grid_losses]) != sorted(tried):
        about.fault(f"the {name} did not try the penalties in descending order")
    _check_validation(probe, target, name, about)


def _check_groups(probe: ProbeState, record: Record, protocol: Protocol, name: str, about: FileFindings) -> None:
    """Check that the penalty was chosen on whole groups where protocol and task ask for that, and only there."""
    asked = protocol.probe.groups is not None and record.clusters is not None
    if (probe.groups is not None) != asked:
        about.fault(f"the {name} must {'' if asked else 'not '}choose its penalty on whole groups", RERUN)
    elif probe.groups is not None and not probe.groups:
        about.fault(f"the {name} can't have held out 0 groups")
    # With a single group nothing can be held out.
    elif probe.groups == 1 and probe.validation and record.few_shot is not None:
        about.fault(f"the {name} can't have chosen its penalty on the only group of a draw")
    if (probe.unfitted or 0) > record.dataset.classes:
        about.fault(f"the {name} has {probe.unfitted:,} unfitted classes of {record.dataset.classes:,}")


def _chosen(grid: Sequence[float], losses: Sequence[float | None]) -> float:
    """Return the penalty with the smallest loss, the largest on a tie; the middle of the grid without losses."""
    tried = [(loss, -l2) for l2, loss in zip(grid, losses, strict=True) if loss is not None]
    return -min(tried)[1] if tried else sorted(grid)[len(grid) // 2]


def _check_validation(probe: ProbeState, target: TargetKind, name: str, about: FileFindings) -> None:
    check_held_out(probe.validation, target, name, about)
    if probe.validation_accuracy != probe.validation.get("accuracy"):
        about.fault(f"the {name} has a validation_accuracy that differs from the one in validation")
    tried = any(loss is not None for loss in probe.grid_losses)
    # No metric of several labels is defined on images without any.
    if (probe.validation and not tried) or (tried and not probe.validation and form_of(target) != "labels"):
        about.fault(f"the {name} has validation losses without metrics, or metrics without losses")
    check_thresholds(probe.thresholds, target, f"the {name}", about, chosen=bool(probe.validation))
    if not probe.thresholds and any(metric.needs_threshold for metric in metrics_of(target)):
        about.fault(f"the {name} does not have the thresholds of a {target} task")
