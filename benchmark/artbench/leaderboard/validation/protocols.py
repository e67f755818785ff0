"""Whether a record keeps to the protocol it names."""

import re
from collections.abc import Sequence

from artbench.leaderboard.validation.findings import FileFindings
from artbench.protocol import LINEAR_V1, Protocol
from artbench.records.parts import ProbeState
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS
from artbench.stats.multi_label import THRESHOLDS

_SHOTS = re.compile(r"(.+)-shots-([1-9][0-9]{0,5})")


def known_protocol(name: str) -> Protocol | None:
    """The protocol of that name; None if this version knows none."""
    shots = _SHOTS.fullmatch(name)
    if shots is not None:
        whole = known_protocol(shots[1])
        return whole.with_shots(int(shots[2])) if whole is not None and whole.few_shot is None else None
    return {protocol.name: protocol for protocol in (LINEAR_V1, LINEAR_V1.for_years())}.get(name)


def check_protocol(record: Record, target: TargetKind, about: FileFindings) -> Protocol | None:
    """Compare what a record says of its making with the protocol it names.

    Returns:
        The protocol; None if it is not known, so that nothing that depends on it can be checked.
    """
    protocol = known_protocol(record.protocol)
    if protocol is None:
        about.fault(f"this artbench knows no protocol {record.protocol!r}", "Take linear-v1, or upgrade artbench")
        return None
    if protocol.hash != record.protocol_hash:
        about.fault(
            f"its protocol hash {record.protocol_hash[:12]} is not that of {protocol.name}, {protocol.hash[:12]}"
        )
    if (protocol.probe.name == "ridge") != (target == "year"):
        about.fault(f"{record.protocol} is not the protocol of a {target} task")
    given = record.neighbours
    if (given.k, given.temperature) != (protocol.neighbours.k, protocol.neighbours.temperature):
        about.fault(f"its neighbours (k {given.k}, temperature {given.temperature}) are not the protocol's")
    _check_shots(record, protocol, about)
    _check_probe(record.probe, protocol, target, "probe", about)
    for number, round_ in enumerate(record.rounds):
        _check_probe(round_.probe, protocol, target, f"probe of round {number}", about)
    if record.rounds and record.rounds[0].probe != record.probe:
        about.fault("its probe is not that of its first round")
    if not all(probe.converged for probe in (record.probe, *(round_.probe for round_ in record.rounds))):
        about.notice("a probe did not converge; the leaderboard will mark it")
    return protocol


def _check_shots(record: Record, protocol: Protocol, about: FileFindings) -> None:
    few, asked = record.few_shot, protocol.few_shot
    if (few is None) != (asked is None):
        about.fault(f"what it says of few shots does not go with the protocol {protocol.name}")
    elif few is not None and asked is not None:
        if (few.shots, few.draws, few.seed) != (asked.shots, asked.draws, asked.seed):
            about.fault("its shots, draws or their seed are not the protocol's")
        if not record.rounds or len(record.rounds) % asked.draws:
            about.fault(f"it has {len(record.rounds)} rounds, which are not {asked.draws} draws of each split")
        if few.scarce > record.dataset.classes:
            about.fault(f"{few.scarce:,} of {record.dataset.classes:,} classes can't be scarce")


def _check_probe(probe: ProbeState, protocol: Protocol, target: TargetKind, name: str, about: FileFindings) -> None:
    asked = protocol.probe
    if probe.name != asked.name or probe.grid != asked.grid:
        about.fault(f"the {name} is not the protocol's, or did not choose from its grid of penalties")
    elif len(probe.grid_losses) != len(asked.grid):
        about.fault(f"the {name} has {len(probe.grid_losses)} losses for {len(asked.grid)} penalties")
    elif probe.l2 != _chosen(probe.grid, probe.grid_losses):
        about.fault(f"the {name} has the penalty {probe.l2:g}, which is not the one with the smallest loss")
    elif not _in_order(probe.grid_losses):
        about.fault(f"the {name} did not try the penalties from the largest down")
    _check_validation(probe, target, name, about)


def _chosen(grid: Sequence[float], losses: Sequence[float | None]) -> float:
    """The penalty with the smallest loss, of equals the largest; the middle of the grid where there is none."""
    tried = [(loss, -l2) for l2, loss in zip(grid, losses, strict=True) if loss is not None]
    return -min(tried)[1] if tried else sorted(grid)[len(grid) // 2]


def _in_order(losses: Sequence[float | None]) -> bool:
    """Whether those that were not tried are the smallest penalties."""
    tried = [loss is not None for loss in losses]
    return tried == sorted(tried)


def _check_validation(probe: ProbeState, target: TargetKind, name: str, about: FileFindings) -> None:
    given = [(METRICS.get(metric), value) for metric, value in probe.validation.items()]
    if any(metric is None or metric.target != target for metric, _ in given):
        about.fault(f"the {name} has validation metrics that a {target} task does not have")
    elif any(value > 1 for metric, value in given if metric is not None and metric.unit == "fraction"):
        about.fault(f"the {name} has a validation metric above 1")
    if probe.validation_accuracy != probe.validation.get("accuracy"):
        about.fault(f"the {name} has two validation accuracies")
    if bool(probe.validation) != any(loss is not None for loss in probe.grid_losses):
        about.fault(f"the {name} has losses on validation without metrics, or metrics without losses")
    asked = {metric.name for metric in METRICS.values() if metric.target == target and metric.needs_threshold}
    if set(probe.thresholds) != (asked if probe.validation else set()):
        about.fault(f"the {name} has not the thresholds that a {target} task needs")
    elif any(min(abs(value - tried) for tried in THRESHOLDS) > 1e-9 for value in probe.thresholds.values()):
        about.fault(f"the {name} has a threshold that is never tried")
