"""Whether the fields of a record contradict each other or are impossible, without looking at other files."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from artbench.data.checks import MISSING_SHARE
from artbench.leaderboard.seen import is_reference
from artbench.leaderboard.validation.findings import RERUN, FileFindings, some
from artbench.leaderboard.validation.metric_fields import check_metrics
from artbench.leaderboard.validation.resources import check_resources
from artbench.plugins.known import form_of, is_searched, target_named
from artbench.protocol import protocol_named
from artbench.records.folder import is_newer
from artbench.records.parts import LabelFreeState
from artbench.records.record import Record
from artbench.runtime.names import problem_of
from artbench.specs import TargetKind
from artbench.stats.intrinsic_dimension import FEWEST
from artbench.stats.label_free import MOST_IMAGES

# The day before, so that no time zone matters.
FIRST_RELEASE = datetime(2026, 11, 23, tzinfo=UTC)
# Allowance for clocks that differ.
_CLOCKS = timedelta(minutes=10)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,60}|")
_UPGRADE = "Upgrade artbench"
# Those that features are computed in.
_DTYPES = ("float32", "bfloat16")
# Backbone, pretraining, dataset and task come from one each.
_MOST_PLUGINS = 20
# RankMe's epsilon raises it a little above the number of dimensions.
_RANK_SLACK = 1.01


def check_fields(
    record: Record, target: TargetKind, *, now: datetime, absent: Sequence[str] = (), about: FileFindings
) -> None:
    """Report every field that is impossible or contradicts another.

    Args:
        record: The record.
        target: Kind of target of its task.
        now: The current time, with a time zone.
        absent: Plugins that it names and that are not installed here, whose metrics can't be checked.
        about: Receives what is found.
    """
    _check_names(record, about)
    _check_counts(record, target, about)
    _check_rounds(record, about)
    _check_sources(record, about)
    _check_label_free(record, target, about)
    _check_provenance(record, now, about)
    check_resources(record, about)
    check_metrics("metrics", record.metrics, record, target, about, exact=True, absent=absent)
    if record.neighbours is not None:
        check_metrics("neighbours", record.votes, record, target, about, absent=absent)
    if not record.references:
        about.fault("references is empty: the scores of guesses without pixels are missing")
    names = [reference.name for reference in record.references]
    guesses = target_named(target).baselines[: 1 if is_searched(target) else None]
    if len(set(names)) < len(names) or not set(names) <= set(guesses):
        about.fault(f"references can't be {some(names)}: guesses are {' and '.join(guesses)}")
    for reference in record.references:
        check_metrics(reference.name, reference.metrics, record, target, about, absent=absent)


def tested(record: Record) -> int:
    """Return the number of test images over all rounds."""
    return sum(round_.test for round_ in record.rounds) if record.rounds else record.dataset.test


def _check_names(record: Record, about: FileFindings) -> None:
    for what, name in (
        ("task", record.task),
        ("backbone", record.backbone),
        ("pretraining", record.pretraining),
        ("protocol", record.protocol),
        ("primary metric", record.primary_metric),
        ("dataset", record.dataset.name),
    ):
        if problem := problem_of(name):
            about.fault(f"the {what} {name!r} {problem}", "Write it as a reader would type it")


def _check_counts(record: Record, target: TargetKind, about: FileFindings) -> None:
    data = record.dataset
    if not data.train or not data.test:
        about.fault(f"there can be no result from {data.train:,} training and {data.test:,} test images")
    if (data.classes > 0) == (form_of(target) == "number"):
        about.fault(f"a {target} task can't have {data.classes:,} classes")
    rows = None if record.predictions is None else record.predictions.rows
    if rows is None:
        about.fault("the predictions are missing")
    elif rows != tested(record):
        about.fault(f"there are {tested(record):,} test images, but {rows:,} predictions")
    if not record.rounds and data.exclusion is None:
        listed = data.train + data.test + data.unreadable + data.missing
        if data.partial != (data.missing > MISSING_SHARE * listed):
            about.fault(f"dataset.partial is {data.partial}, but {data.missing:,} of {listed:,} images are missing")
    if data.unreadable:
        about.notice(
            f"{data.unreadable:,} images are said to be unreadable and are left out: only the data can tell",
            "Check with --data",
        )
    _check_state(record, about)


def _check_state(record: Record, about: FileFindings) -> None:
    """Report a state of the data of which a record has a leaderboard of its own."""
    data, protocol = record.dataset, protocol_named(record.protocol)
    # Only those of artbench 0.1, which were measured under linear-v1, do not say it.
    if data.listing is None and protocol is not None and protocol.intervals is not None:
        about.fault("dataset.listing is missing", RERUN)
    if data.partial:
        about.notice("measured on a partial copy of the data: the record will get a table of its own")
    if data.exclusion is not None:
        about.notice("measured without the images of an exclusion list: the record will get a table of its own")
        if not (data.exclusion.train or data.exclusion.test):
            about.fault("dataset.exclusion excludes no image")


def _check_rounds(record: Record, about: FileFindings) -> None:
    if not record.rounds:
        return
    first = record.rounds[0]
    if len(record.rounds) == 1:
        about.fault("there is only one round: it should not be listed in rounds")
    if (first.train, first.test) != (record.dataset.train, record.dataset.test):
        about.fault("dataset.train and dataset.test are not those of the first round")
    if any(not round_.train or not round_.test for round_ in record.rounds):
        about.fault("a round has no training or no test images")
    for kind, whole, every in (
        ("metrics", record.metrics, [round_.metrics for round_ in record.rounds]),
        ("neighbours", record.votes, [round_.neighbours for round_ in record.rounds]),
    ):
        if any(set(one) != set(whole) for one in every):
            about.fault(f"{kind}: not every round has the same metrics as the record")
            continue
        means = {name: sum(one[name] for one in every) / len(every) for name in whole}
        wrong = [name for name, metric in whole.items() if abs(metric.value - means[name]) > 1e-4 * max(1, means[name])]
        if wrong:
            about.fault(f"{kind}: {', '.join(wrong)} is not the mean over the rounds")


def _check_sources(record: Record, about: FileFindings) -> None:
    encoder, data = record.encoder, record.dataset
    if not encoder.feature_dim or not encoder.input_size:
        about.fault("encoder.feature_dim and encoder.input_size must not be 0")
    if data.twins is not None and data.twins.test > tested(record):
        about.fault("dataset.twins counts more test images than there are")
    elif data.twins is not None and data.twins.test:
        about.notice(f"{data.twins.test:,} test images have a near-duplicate among the training images")
    _check_seen(record, about)
    seen = None if encoder.pool is None else encoder.pool.test_images
    if encoder.pool is not None and sum(encoder.pool.datasets.values()) != encoder.pool.images:
        about.fault("encoder.pool.images is not the sum over encoder.pool.datasets")
    if seen is not None and seen > tested(record):
        about.fault("encoder.pool counts more test images than there are")
    elif seen:
        about.notice(f"the encoder was pretrained on {seen:,} of the test images: the leaderboard will mark it")


def _check_label_free(record: Record, target: TargetKind, about: FileFindings) -> None:
    """Check the bounds of the label-free figures; they can't be computed again without the features."""
    found = record.label_free
    if found is None:
        return
    if not 0 < found.distinct <= found.images <= found.of <= record.dataset.test:
        about.fault(
            f"label_free can't be of {found.distinct:,} different vectors of {found.images:,} out of {found.of:,} "
            f"images: there are {record.dataset.test:,} test images"
        )
    elif found.images != min(found.of, MOST_IMAGES):
        about.fault(f"label_free must be of {min(found.of, MOST_IMAGES):,} images, not {found.images:,}", RERUN)
    if found.dimensions != record.encoder.feature_dim:
        about.fault(f"label_free has {found.dimensions:,} dimensions, the encoder {record.encoder.feature_dim:,}")
    _check_dimensions(found, about)
    _check_clusters(found, record, target, about)


def _check_dimensions(found: LabelFreeState, about: FileFindings) -> None:
    most = _RANK_SLACK * min(found.distinct, found.dimensions)
    for name, rank in (("rankme", found.rankme), ("effective_rank", found.effective_rank)):
        if rank > most or 0 < rank < 1 / _RANK_SLACK:
            about.fault(f"label_free.{name} can't be {rank:.4g} of {found.distinct:,} x {found.dimensions:,} numbers")
    dimension = found.intrinsic_dimension
    if dimension is not None and (not dimension or found.distinct < FEWEST):
        about.fault(f"label_free.intrinsic_dimension can't be {dimension:.4g} of {found.distinct:,} different vectors")


def _check_clusters(found: LabelFreeState, record: Record, target: TargetKind, about: FileFindings) -> None:
    classes = record.dataset.classes
    if len({value is None for value in (found.clusters, found.ari, found.nmi)}) > 1:
        about.fault("label_free: clusters, ari and nmi go together")
    elif found.clusters is not None and form_of(target) != "class":
        about.fault(f"label_free: clusters can't be compared with the labels of a {target} task")
    elif found.clusters is not None and not 1 < found.clusters <= min(classes, found.images):
        about.fault(f"label_free: {found.clusters:,} clusters can't be one for each of the {classes:,} classes")


def _check_seen(record: Record, about: FileFindings) -> None:
    """Report a claim about the training images that the rest of the record contradicts, or can't support."""
    encoder, seen = record.encoder, record.encoder.seen
    if seen is None:
        # Only those of artbench 0.1, which were measured under linear-v1, do not say it.
        protocol = protocol_named(record.protocol)
        if protocol is not None and protocol.intervals is not None:
            about.fault("encoder.seen is missing", RERUN)
        return
    claim, pool = f"encoder.seen can't be {seen.state}", encoder.pool
    if pool is not None:
        if seen.state != (expected := pool.knowledge(record.dataset.name)):
            about.fault(f"{claim}: by encoder.pool it is {expected}", RERUN)
    elif encoder.training is not None or encoder.checkpoint_sha256 is not None:
        if seen.state == "clean" and encoder.parameters:
            about.fault(f"{claim}: the weights are from a file, and no pool says what they were trained on", RERUN)
    elif is_reference(record) and seen.state != "clean":
        about.fault(f"{claim}: the encoder was not trained", RERUN)


def _check_provenance(record: Record, now: datetime, about: FileFindings) -> None:
    said = record.provenance
    if said.created > now + _CLOCKS:
        about.fault(
            f"the record was created in the future ({said.created.isoformat()})", "Set the clock and run it again"
        )
    if said.created < FIRST_RELEASE:
        about.fault(
            f"the record was created before artbench's first release ({said.created.isoformat()})",
            "Set the clock and run it again",
        )
    if said.device not in ("cpu", "cuda", "mps"):
        about.fault(f"unknown device {said.device!r}")
    if said.dtype not in _DTYPES:
        about.fault(f"unknown dtype {said.dtype!r}: features are computed in {' or '.join(_DTYPES)}")
    versions = (said.artbench, said.torch, said.timm, said.python, *said.plugins.values())
    if any(not _VERSION.fullmatch(version) for version in versions):
        about.fault("provenance has an invalid version")
    elif is_newer(said.artbench):
        about.notice(f"made by artbench {said.artbench}, newer than this one: the check may be out of date", _UPGRADE)
        about.unchecked(f"what is new in artbench {said.artbench}")
    training = record.encoder.training
    took_part = [said.plugins]
    if training is not None:
        took_part += [training.plugins, *(stretch.plugins for stretch in training.stretches)]
    if (most := max(map(len, took_part))) > _MOST_PLUGINS:
        about.fault(f"{most:,} plugins can't have taken part: at most {_MOST_PLUGINS} are listed")
