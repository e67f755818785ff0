"""Whether what a record says of a plugin's probe is what its protocol asks for."""

import json

import numpy as np

from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.leaderboard.validation.held_out import check_held_out
from artbench.leaderboard.validation.thresholds import check_thresholds
from artbench.plugins.known import known_protocols, origin_of
from artbench.protocol import OwnProbe
from artbench.records.own_probe import OwnProbeState
from artbench.records.predictions import StoredPredictions
from artbench.records.record import Record
from artbench.runtime.untrusted import memory_limit
from artbench.specs import TargetKind, load_factory


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
    if absent := [name for name in origin_of(record.protocol) if name not in record.provenance.plugins]:
        about.fault(f"{record.protocol} is of {', '.join(absent)}, which provenance.plugins lacks", RERUN)
    seeds = tuple(probe.seed for probe in probes)
    if len(seeds) % len(own.seeds) or seeds != own.seeds * (len(seeds) // len(own.seeds)):
        about.fault(f"the seeds {', '.join(map(str, seeds))} are not those of the protocol, once for each split", RERUN)
    _check_rounds(record, own, about)
    for number, probe in enumerate(probes):
        name = f"own_probe of round {number}" if record.rounds else "own_probe"
        _check_one(probe, record, own, target, name, about)
    _check_summaries(record, own, about)


def _check_rounds(record: Record, own: OwnProbe, about: FileFindings) -> None:
    for start in range(0, len(record.rounds), len(own.seeds)):
        if len({(one.train, one.test) for one in record.rounds[start : start + len(own.seeds)]}) > 1:
            about.fault(f"the seeds of rounds from {start} on have other training or test images", RERUN)
            return


def _check_summaries(record: Record, own: OwnProbe, about: FileFindings) -> None:
    """Let the plugin say whether its probe can have said this of itself, where it tells."""
    spec = known_protocols().get(record.protocol)
    if spec is None or spec.check is None:
        return
    try:
        # What is imported has a limit of its own.
        with memory_limit(None):
            check = load_factory(spec.check)
        for probe in record.own_probes:
            check(probe.summary, json.loads(own.settings))
    except MemoryError:
        raise
    # A plugin's code reads what a stranger wrote.
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        about.fault(f"the summary of own_probe is not one of {record.protocol}: {said}", RERUN)


def check_seeds(record: Record, stored: StoredPredictions, own: OwnProbe, about: FileFindings) -> None:
    """Report seeds of a probe that answered alike to all images of a split, as one fit given several times does.

    A probe that states how exactly it can be fitted again may be one that no seed changes.
    """
    number = len(own.seeds)
    answers = stored.predicted if stored.confidence is None else stored.confidence
    if number < 2 or answers is None:
        return
    for start in range(0, len(record.rounds), number):
        parts = [answers[stored.rounds == at] for at in range(start, start + number)]
        # Where a probe answers alike to all images, or is certain of everything, all of its fits are alike.
        if all(len(np.unique(part)) < 2 for part in parts) or (
            stored.confidence is not None and not any(((part > 0) & (part < 1)).any() for part in parts)
        ):
            continue
        if len({part.tobytes() for part in parts}) == number:
            continue
        what = f"seeds of rounds {start} to {start + number - 1} gave the same answers"
        spec = known_protocols().get(record.protocol)
        if spec is not None and spec.tolerance is None:
            about.fault(f"{what}, and {record.protocol} can't be fitted twice to the same", RERUN)
        else:
            about.notice(f"{what}: no seed changes this probe, or one fit is there several times")
        return


def _check_one(
    probe: OwnProbeState, record: Record, own: OwnProbe, target: TargetKind, name: str, about: FileFindings
) -> None:
    if probe.version != own.version:
        about.fault(f"the {name} has version {probe.version}, not {own.version}")
    if (probe.groups is None) != (record.clusters is None):
        about.fault(f"the {name} must {'not ' if record.clusters is None else ''}have whole groups held out", RERUN)
    check_held_out(probe.validation, target, name, about)
    check_thresholds(probe.thresholds, target, f"the {name}", about, chosen=bool(probe.validation))
