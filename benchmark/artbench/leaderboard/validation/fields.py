"""Whether the fields of a record can be true together, as far as the record alone tells."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from artbench.data.checks import MISSING_SHARE
from artbench.leaderboard.validation.findings import RERUN, FileFindings
from artbench.records.parts import Metric
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS

# Means over images: their bootstrap distribution is centred on the value. That of others can lie beside it.
_MEANS = ("accuracy", "top5_accuracy", "sample_f2", "mean_absolute_error", "within_50_years")
# Clocks that go differently.
_CLOCKS = timedelta(minutes=10)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,60}|")
_TOP = 5
_ROUNDING = 1e-6


def check_fields(record: Record, target: TargetKind, *, now: datetime, about: FileFindings) -> None:
    """Say what can't be.

    Args:
        record: The record.
        target: The kind of its task.
        now: The present, with a time zone.
        about: Told what is found.
    """
    _check_counts(record, target, about)
    _check_rounds(record, about)
    _check_sources(record, about)
    _check_provenance(record, now, about)
    _check_metrics("metrics", record.metrics, record, target, about, exact=True)
    _check_metrics("neighbours", record.neighbours.metrics, record, target, about)
    if not record.references:
        about.fault("it does not say what guesses without pixels score")
    for reference in record.references:
        _check_metrics(f"{reference.name}", reference.metrics, record, target, about)


def tested(record: Record) -> int:
    """Pictures reported on, over all rounds."""
    return sum(round_.test for round_ in record.rounds) if record.rounds else record.dataset.test


def _check_counts(record: Record, target: TargetKind, about: FileFindings) -> None:
    data = record.dataset
    if not data.train or not data.test:
        about.fault(f"{data.train:,} pictures to fit on and {data.test:,} to test on can't give a result")
    if (data.classes > 0) == (target == "year"):
        about.fault(f"a {target} task can't have {data.classes:,} classes")
    rows = None if record.predictions is None else record.predictions.rows
    if rows is None:
        about.fault("it has no predictions")
    elif rows != tested(record):
        about.fault(f"it reports on {tested(record):,} test pictures, and has predictions of {rows:,}")
    if not record.rounds and data.exclusion is None:
        listed = data.train + data.test + data.unreadable + data.missing
        if data.partial != (data.missing > MISSING_SHARE * listed):
            about.fault(f"{data.missing:,} of {listed:,} pictures missing is not what it says of a partial copy")
    if data.partial:
        about.notice("it was measured on a partial copy of the data, and makes a table of its own")
    if data.exclusion is not None and not (data.exclusion.train or data.exclusion.test):
        about.fault("it names a list of excluded pictures that excludes none")


def _check_rounds(record: Record, about: FileFindings) -> None:
    if not record.rounds:
        return
    first = record.rounds[0]
    if len(record.rounds) == 1:
        about.fault("one round alone is not kept as a round")
    if (first.train, first.test) != (record.dataset.train, record.dataset.test):
        about.fault("its numbers of pictures are not those of its first round")
    if any(not round_.train or not round_.test for round_ in record.rounds):
        about.fault("a round has no pictures to fit or to test on")
    for kind, whole, every in (
        ("metrics", record.metrics, [round_.metrics for round_ in record.rounds]),
        ("neighbours", record.neighbours.metrics, [round_.neighbours for round_ in record.rounds]),
    ):
        if any(set(one) != set(whole) for one in every):
            about.fault(f"not every round has the {kind} of the record")
            continue
        means = {name: sum(one[name] for one in every) / len(every) for name in whole}
        wrong = [name for name, metric in whole.items() if abs(metric.value - means[name]) > 1e-4 * max(1, means[name])]
        if wrong:
            about.fault(f"{kind}: {', '.join(wrong)} is not the mean over its rounds")


def _check_sources(record: Record, about: FileFindings) -> None:
    encoder, data = record.encoder, record.dataset
    if not encoder.feature_dim or not encoder.input_size:
        about.fault("an encoder without features, or without input, can't be")
    if data.twins is not None and data.twins.test > tested(record):
        about.fault("more test pictures have a twin in training than were tested on")
    elif data.twins is not None and data.twins.test:
        about.notice(f"{data.twins.test:,} test pictures have a twin in training")
    seen = None if encoder.pool is None else encoder.pool.test_images
    if encoder.pool is not None and sum(encoder.pool.datasets.values()) != encoder.pool.images:
        about.fault("the pictures of its pretraining pool are not the sum over the pool's datasets")
    if seen is not None and seen > tested(record):
        about.fault("more test pictures were pretrained on than were tested on")
    elif seen:
        about.notice(f"its encoder was pretrained on {seen:,} of the test pictures; the leaderboard will mark it")


def _check_provenance(record: Record, now: datetime, about: FileFindings) -> None:
    said = record.provenance
    if said.created > now + _CLOCKS:
        about.fault(f"it was created in the future ({said.created.isoformat()})", "Set the clock, and run it again")
    if said.device not in ("cpu", "cuda", "mps"):
        about.fault(f"there is no device {said.device!r}")
    versions = (said.artbench, said.torch, said.timm, said.python, *said.plugins.values())
    if any(not _VERSION.fullmatch(version) for version in versions):
        about.fault("a version in its provenance is no version")


def _check_metrics(
    kind: str,
    given: Mapping[str, Metric],
    record: Record,
    target: TargetKind,
    about: FileFindings,
    *,
    exact: bool = False,
) -> None:
    """Check names, units and what can't be. `exact`: they are computed again, so that more would be said twice."""
    if any(name not in METRICS or METRICS[name].target != target for name in given) or not given:
        about.fault(f"{kind}: {', '.join(given) or 'nothing'} is not what a {target} task is measured by")
        return
    asked = {m.name for m in METRICS.values() if m.target == target and not m.needs_threshold}
    lacking = sorted(asked - set(given))
    if lacking:
        about.fault(f"{kind}: {', '.join(lacking)} is missing", RERUN)
    for name, metric in given.items():
        if metric.unit != METRICS[name].unit:
            about.fault(f"{kind}: {name} is not in {metric.unit}")
        elif not exact or name == "top5_accuracy":
            _check_interval(kind, name, metric, about)
    if target == "single-label" and not lacking:
        _check_shares(kind, given, record, about)


def _check_interval(kind: str, name: str, metric: Metric, about: FileFindings) -> None:
    (low, high), value = metric.ci95, metric.value
    slack = _ROUNDING * max(1, value) + (0 if name in _MEANS else high - low)
    if not low - slack <= value <= high + slack:
        about.fault(f"{kind}: {name} {value:.4g} lies outside its interval, {low:.4g} to {high:.4g}")


def _check_shares(kind: str, given: Mapping[str, Metric], record: Record, about: FileFindings) -> None:
    """What must hold of the metrics of tasks with one class a picture, whoever is judged."""
    right, top = given["accuracy"].value, given["top5_accuracy"].value
    if top < right - _ROUNDING:
        about.fault(f"{kind}: more is right at once ({right:.4g}) than among the first five ({top:.4g})")
    if record.dataset.classes <= _TOP and top < 1 - _ROUNDING:
        about.fault(f"{kind}: of {record.dataset.classes} classes, all are among the first five")
    if given["mean_class_accuracy"].value > given["balanced_accuracy"].value + _ROUNDING:
        about.fault(f"{kind}: mean class accuracy can't be above balanced accuracy")
    if record.rounds:
        return
    for name, share in (("accuracy", right), ("top5_accuracy", top)):
        pictures = share * record.dataset.test
        if abs(pictures - round(pictures)) > 1e-3:
            about.fault(f"{kind}: {name} {share:.6g} is no whole number of {record.dataset.test:,} pictures")
