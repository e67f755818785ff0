"""Whether what a record says of a plugin's probe is what its protocol asks for."""

from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.leaderboard.validation.thresholds import check_thresholds
from artbench.protocol import OwnProbe
from artbench.records.own_probe import OwnProbeState
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS


def check_own_probe(record: Record, own: OwnProbe, target: TargetKind, about: FileFindings) -> None:
    """Report every contradiction between the probes of a record and its protocol.

    Args:
        record: The record.
        own: The probe that its protocol asks for.
        target: Kind of target of its task.
        about: Receives what is found.
    """
    if record.probes or record.neighbours is not None or any(round_.neighbours for round_ in record.rounds):
        about.fault(f"{record.protocol} has a probe of its own, and the record a linear one, or neighbours")
    if "probe" in record.tables:
        about.fault(f"no weights are kept under {record.protocol}, and it lists the table probe")
    probes = record.own_probes
    if record.own_probe is None or len(probes) != max(1, len(record.rounds)):
        about.fault("own_probe is missing, or that of a round", RERUN)
        return
    if record.rounds and probes[0] != record.own_probe:
        about.fault("own_probe is not that of the first round")
    seeds = tuple(probe.seed for probe in probes)
    if len(seeds) % len(own.seeds) or seeds != own.seeds * (len(seeds) // len(own.seeds)):
        about.fault(f"the seeds {', '.join(map(str, seeds))} are not those of the protocol, once for each split", RERUN)
    for number, probe in enumerate(probes):
        name = f"own_probe of round {number}" if record.rounds else "own_probe"
        _check_one(probe, record, own, target, name, about)


def _check_one(
    probe: OwnProbeState, record: Record, own: OwnProbe, target: TargetKind, name: str, about: FileFindings
) -> None:
    if probe.version != own.version:
        about.fault(f"the {name} has version {probe.version}, not {own.version}")
    if (probe.groups is None) != (record.clusters is None):
        about.fault(f"the {name} must {'not ' if record.clusters is None else ''}have whole groups held out", RERUN)
    given = [(METRICS.get(metric), value) for metric, value in probe.validation.items()]
    if any(metric is None or metric.target != target for metric, _ in given):
        about.fault(f"the {name} has validation metrics of another kind of task")
    elif any(value > 1 for metric, value in given if metric is not None and metric.unit == "fraction"):
        about.fault(f"the {name} has a validation metric above 1")
    check_thresholds(probe.thresholds, target, f"the {name}", about, chosen=bool(probe.validation))
