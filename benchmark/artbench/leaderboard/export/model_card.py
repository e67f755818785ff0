"""The results of an encoder as the `model-index` of a Hugging Face model card."""

from collections.abc import Iterator, Sequence

from huggingface_hub import EvalResult, ModelCardData

from artbench.records.format import metric_name
from artbench.records.record import Record, dataset_name

# Name of a metric on the hub, and its setting, if the hub has a name for it.
_HUB_NAMES = {
    "accuracy": ("accuracy", None),
    "macro_f1": ("f1", "macro"),
    "micro_f1": ("f1", "micro"),
    "mean_absolute_error": ("mae", None),
}


def model_card(records: Sequence[Record]) -> str:
    """Return the YAML for the top of a model card, between the two `---`.

    Args:
        records: Records of one encoder, at least one.
    """
    first = records[0]
    results = [result for record in records for result in _results(record)]
    text: str = ModelCardData(model_name=f"{first.backbone}, {first.pretraining}", eval_results=results).to_yaml()
    return text + "\n"


def _results(record: Record) -> Iterator[EvalResult]:
    data = record.dataset
    for name, metric in record.metrics.items():
        hub_name, setting = _HUB_NAMES.get(name, (name, None))
        yield EvalResult(
            # Only what asks for numbers has no classes.
            task_type="image-classification" if data.classes else "image-regression",
            task_name=f"{record.task}, version {record.task_version}, {record.protocol}",
            dataset_type=data.name,
            dataset_name=dataset_name(data),
            # The hub tells results apart by this: a dataset has several tasks, a task several protocols.
            dataset_config=f"{record.task}, {record.protocol} {record.protocol_hash[:12]}",
            dataset_split="test",
            dataset_revision=data.fingerprint,
            metric_type=hub_name,
            metric_config=setting,
            metric_name=f"{metric_name(name)}, {metric.unit}",
            metric_value=metric.value,
            metric_args=None if metric.ci95 is None else {"ci95": list(metric.ci95)},
        )
