"""EUFCC-340K: materials, object types, disciplines and subjects of museum objects, each a hierarchy of labels."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, MetricSpec, PublishedResult, TaskSpec

if TYPE_CHECKING:
    from artbench.data import Dataset, Targets

SOURCE = "https://github.com/cesc47/EUFCC-340K"
LAYOUT = "data/{train,val,test_id,test_ood}.csv and the images <database>/images/<idInSource>.jpg"
# Column of each facet, and what is asked.
FACETS = {
    "materials": ("materials.hierarchy", "what an object is made of"),
    "objects": ("objectTypes.hierarchy", "what kind of object it is, or what it shows"),
    "disciplines": ("classifications.hierarchy", "which discipline an object belongs to"),
    "subjects": ("subjects.hierarchy", "what an object is about"),
}
DEPTHS = (1, 2)

_METRICS = ("label_r_precision", "label_hit_at_1", "label_hit_at_10", "mean_label_rank")
_WORK = "EUFCC-340K, its repository, {}"
_DIFFERENCE = "all four facets together; ConvNeXt, all weights fine-tuned"
# Of both tests: R-precision, accuracy at 1 and 10, average rank.
_RESULTS = {
    "test_id": {
        "multi-label": ("0.76", "0.83", "0.99", "4.8"),
        "softmax": ("0.77", "0.88", "0.99", "5.4"),
        "ensemble of both": ("0.81", "0.88", "0.99", "3.8"),
    },
    "test_ood": {
        "multi-label": ("0.67", "0.70", "0.89", "27.7"),
        "softmax": ("0.67", "0.69", "0.87", "25.8"),
        "ensemble of both": ("0.67", "0.70", "0.89", "27.2"),
    },
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="eufcc",
            description="EUFCC-340K: 346,324 pictures of objects of 358 European museums and libraries",
            factory="artbench_eufcc.dataset:open_eufcc",
            source=SOURCE,
            layout=LAYOUT,
            pictures=346_324,
            terms="Pictures that museums show on Europeana, each under its own rights. Cite EUFCC-340K.",
        )
    )


@hookimpl
def register_metrics(register: Callable[[MetricSpec], None]) -> None:
    """Register the metrics of the field for labels of an image in order of their probability."""
    one = "As scikit-learn's {} where an image has one label; the {} of EUFCC-340K's tables"
    for name, short, reference, description, rest in (
        (
            "label_r_precision",
            "R-precision",
            "Manning, Raghavan and Schütze 2008, Introduction to Information Retrieval",
            "Mean over images with any label of the share of its R labels that are among the R most probable.",
            {},
        ),
        (
            "label_hit_at_1",
            "label@1",
            one.format("accuracy_score", "accuracy at 1"),
            "Share of the images with any label of which the most probable label is right.",
            {},
        ),
        (
            "label_hit_at_10",
            "label@10",
            one.format("top_k_accuracy_score(k=10)", "accuracy at 10"),
            "Share of the images with any label of which one of the ten most probable labels is right.",
            {"fewest_classes": 11},
        ),
        (
            "mean_label_rank",
            "label rank",
            one.format("coverage_error", "average rank"),
            "Mean over images with any label of the mean place of its labels among all in order of probability.",
            {"higher_is_better": False, "unit": "places", "bounds": (1.0, None)},
        ),
    ):
        register(
            MetricSpec(
                name=name,
                short=short,
                description=description,
                target="multi-label",
                measure=f"artbench_eufcc.metrics:{name}",
                statistic="mean",
                reference=reference,
                **rest,
            )
        )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register each facet, at all depths, at each of the first, and by museums that are not in train, and the bias."""
    for facet, (_, description) in FACETS.items():
        for suffix, depth, test, more in (
            ("", None, "test_id", "labels of all depths"),
            *((f"-depth-{depth}", depth, "test_id", f"labels of depth {depth}") for depth in DEPTHS),
            ("-unseen-museums", None, "test_ood", "labels of all depths, in museums that are not in train"),
        ):
            register(
                TaskSpec(
                    name=f"eufcc-{facet}{suffix}",
                    description=f"{description}: {more}",
                    dataset="eufcc",
                    target="multi-label",
                    primary_metric="label_r_precision",
                    metrics=_METRICS[1:],
                    clustered=suffix == "-unseen-museums",
                    factory=partial(_targets, facet=facet, depth=depth, test=test),
                    literature=() if depth is not None else _literature(test),
                )
            )
    register(
        TaskSpec(
            name="eufcc-museum-bias",
            description="whether objects of one material are nearer than those of one museum",
            dataset="eufcc",
            target="museum-bias",
            primary_metric="robustness_index",
            factory="artbench_eufcc.tasks:museum_bias_targets",
        )
    )


def _targets(dataset: "Dataset", *, facet: str, depth: int | None, test: str) -> "Targets":
    # The hooks import nothing that reads images.
    from artbench_eufcc.tasks import facet_targets

    return facet_targets(dataset, facet, depth=depth, test=test)


def _literature(test: str) -> tuple[PublishedResult, ...]:
    return tuple(
        PublishedResult(work=_WORK.format(work), metric=metric, value=value, difference=_DIFFERENCE)
        for work, values in _RESULTS[test].items()
        for metric, value in zip(_METRICS, values, strict=True)
    )
