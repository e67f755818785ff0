"""How a record and its parts are called, for people."""

from typing import TYPE_CHECKING

from artbench.records.outcomes import Metric

if TYPE_CHECKING:
    from artbench.records.record import Record

_METRIC_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "macro_f1": "macro F1",
    "top5_accuracy": "top-5",
    "mean_class_accuracy": "class mean",
    "expected_calibration_error": "ECE",
    "mean_average_precision": "mAP",
    "mean_average_precision_11_point": "mAP, 11-point",
    "image_average_precision": "image AP",
    "image_average_precision_11_point": "image AP, 11-point",
    "sample_f2": "sample F2",
    "micro_f1": "micro F1",
    "mean_absolute_error": "MAE",
    "within_50_years": "within 50 years",
}


def amount(metric: Metric) -> str:
    """`81.2 [80.2, 82.2]`, in percent or in years."""
    scale = 100 if metric.unit == "fraction" else 1
    value, low, high = (f"{scale * number:.1f}" for number in (metric.value, *metric.ci95))
    return f"{value} [{low}, {high}]"


def unit(metric: Metric) -> str:
    """In what `amount` is: `%` or `years`."""
    return "%" if metric.unit == "fraction" else metric.unit


def task_name(record: "Record") -> str:
    """The task, and from how few pictures of each class."""
    return record.task if record.few_shot is None else f"{record.task}, shots {record.few_shot.shots}"


def metric_name(name: str) -> str:
    """The short name of a metric for people."""
    return _METRIC_NAMES.get(name, name.replace("_", " "))


def encoder_name(record: "Record") -> str:
    """Backbone and pretraining in one phrase."""
    return f"{record.backbone}, {pretraining_name(record)}"


def pretraining_name(record: "Record") -> str:
    """The pretraining, with what tells apart two of one name: the digest of a checkpoint, or a seed other than 0."""
    if record.encoder.checkpoint_sha256:
        return f"{record.pretraining} ({record.encoder.checkpoint_sha256[:8]})"
    return f"{record.pretraining} (seed {record.provenance.seed})" if record.provenance.seed else record.pretraining
