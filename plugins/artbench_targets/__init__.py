"""What the built-in tasks ask, such as a class, the year or what belongs together, and how it is measured."""

from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import MetricSpec, ProtocolSpec, TargetSpec
from artbench_targets.protocols import built_in_protocols
from artbench_targets.searched import NEIGHBOURS, RANKINGS, of_neighbours, of_rankings

CLASSES = (
    "accuracy",
    "balanced_accuracy",
    "mean_class_accuracy",
    "macro_f1",
    "top5_accuracy",
    "expected_calibration_error",
)
LABELS = (
    "mean_average_precision",
    "mean_average_precision_11_point",
    "image_average_precision",
    "image_average_precision_11_point",
    "sample_f2",
    "micro_f1",
)
YEARS = ("mean_absolute_error", "within_50_years")


@hookimpl
def register_targets(register: Callable[[TargetSpec], None]) -> None:
    """Register `single-label`, `multi-label`, `year`, `retrieval` and `museum-bias`."""
    register(
        TargetSpec(
            name="single-label",
            description="one class per image",
            answer="class",
            metrics=CLASSES,
            baselines=("largest class", "painter's commonest class"),
        )
    )
    register(
        TargetSpec(
            name="multi-label",
            description="any number of labels per image",
            answer="labels",
            metrics=LABELS,
            baselines=("label frequencies", "painter's label frequencies"),
        )
    )
    register(
        TargetSpec(
            name="year",
            description="when the work was made",
            answer="number",
            metrics=YEARS,
            baselines=("median year", "painter's median year"),
        )
    )
    register(
        TargetSpec(
            name="retrieval",
            description="which pictures of an index belong with the query",
            answer="ranking",
            metrics=RANKINGS,
            baselines=("order by chance",),
        )
    )
    register(
        TargetSpec(
            name="museum-bias",
            description="whether pictures are near that share the class, or the museum that photographed them",
            answer="neighbours",
            metrics=NEIGHBOURS,
            baselines=("neighbours by chance",),
        )
    )


@hookimpl
def register_metrics(register: Callable[[MetricSpec], None]) -> None:
    """Register the metrics of all kinds, in the order of tables."""
    for metric in (*_of_classes(), *_of_labels(), *_of_years(), *of_neighbours(), *of_rankings()):
        register(metric)


@hookimpl
def register_protocols(register: Callable[[ProtocolSpec], None]) -> None:
    """Register the linear probes, what they are where numbers are asked for, and the searches."""
    for protocol in built_in_protocols():
        register(protocol)


def _counted(target: str, module: str, name: str, description: str, **rest: Any) -> MetricSpec:
    measure = f"artbench.stats.{module}:{name}"
    return MetricSpec(name=name, description=description, target=target, measure=measure, statistic="counts", **rest)


def _of_classes() -> list[MetricSpec]:
    def metric(name: str, description: str, **rest: Any) -> MetricSpec:
        return _counted("single-label", "single_label", name, description, **rest)

    return [
        metric(
            "accuracy",
            "Share of images whose most probable class is theirs.",
            reference="As scikit-learn's accuracy_score",
        ),
        metric(
            "balanced_accuracy",
            "Mean over the classes that occur in the test of the share predicted rightly.",
            short="balanced",
            reference="Brodersen et al. 2010; as scikit-learn's balanced_accuracy_score",
        ),
        metric(
            "mean_class_accuracy",
            "Mean over all classes of the share predicted rightly; one without test images counts as 0.",
            short="class mean",
            reference="As scikit-learn's recall_score(average='macro', labels=range(classes), zero_division=0)",
        ),
        metric(
            "macro_f1",
            "Mean of the F1 scores of the classes that occur among labels or predictions.",
            short="macro F1",
            reference="Opitz and Burst 2019; as scikit-learn's f1_score(average='macro')",
        ),
        metric(
            "top5_accuracy",
            "Share of images whose class is among the five most probable.",
            short="top-5",
            fewest_classes=6,
            reference="Russakovsky et al. 2015; as scikit-learn's top_k_accuracy_score(k=5)",
        ),
        metric(
            "expected_calibration_error",
            "Mean distance between confidence and accuracy over 15 equal-width bins of confidence.",
            higher_is_better=False,
            ranks=False,
            short="ECE",
            reference="Guo et al. 2017",
        ),
    ]


def _of_labels() -> list[MetricSpec]:
    def metric(name: str, description: str, **rest: Any) -> MetricSpec:
        return _counted("multi-label", "multi_label", name, description, **rest)

    return [
        metric(
            "mean_average_precision",
            "Mean of the exact average precision over the classes that occur in the test.",
            short="mAP",
            reference="As scikit-learn's average_precision_score(average='macro')",
        ),
        metric(
            "mean_average_precision_11_point",
            "Mean of the 11-point interpolated average precision over the classes that occur in the test.",
            short="mAP, 11-point",
            reference="Mensink and van Gemert 2014",
        ),
        metric(
            "image_average_precision",
            "Mean over the images with any label of how exactly its labels rank first among all.",
            short="image AP",
            reference="As scikit-learn's label_ranking_average_precision_score",
        ),
        metric(
            "image_average_precision_11_point",
            "As image_average_precision, with 11-point interpolation.",
            short="image AP, 11-point",
            reference="Mensink and van Gemert 2014",
        ),
        metric(
            "sample_f2",
            "Mean over images of F2 at the threshold that was best on validation.",
            short="sample F2",
            reference="The iMet Collection competitions; as scikit-learn's fbeta_score(beta=2, average='samples')",
            needs_threshold=True,
        ),
        metric(
            "micro_f1",
            "F1 over all pairs of image and label at the threshold that was best on validation.",
            short="micro F1",
            reference="As scikit-learn's f1_score(average='micro')",
            needs_threshold=True,
        ),
    ]


def _of_years() -> list[MetricSpec]:
    def metric(name: str, description: str, **rest: Any) -> MetricSpec:
        return _counted("year", "years", name, description, **rest)

    return [
        metric(
            "mean_absolute_error",
            "Mean distance in years between the predicted and the true year.",
            higher_is_better=False,
            unit="years",
            bounds=(0.0, None),
            short="MAE",
            reference="Mensink and van Gemert 2014; as scikit-learn's mean_absolute_error",
        ),
        metric(
            "within_50_years",
            "Share of images whose predicted year is at most 50 years from the true one.",
            reference="Geng et al. 2007, there of ages",
        ),
    ]
