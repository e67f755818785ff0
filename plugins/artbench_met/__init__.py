"""The Met: which artwork of the museum a visitor's photograph shows, among photographs of other things."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, PublishedResult, TaskSpec

SOURCE = "https://cmp.felk.cvut.cz/met"
LAYOUT = (
    "ground_truth/{{{database},testset,valset}}.json and the images MET/<id>/<n>.jpg, test_met/<file>, "
    "test_other/<file> and test_noart/<file>, all of them also in a folder images"
)
DATABASES = {"met": "MET_database", "met-mini": "mini_MET_database"}

_SIZES = {"met": (224_408, 397_121), "met-mini": (33_501, 38_307)}
_TERMS = (
    "Annotations CC BY 4.0; images in the public domain or under Creative Commons licences. Cite Ypsilantis et al. "
    "2021, arXiv:2202.01747."
)
# GAP, GAP without distractors and accuracy.
_METRICS = ("global_average_precision", "global_average_precision_without_distractors", "recall_at_1")
_FROZEN = "frozen; images at their own size and three scales; kNN of whitened features, chosen on validation"
_RESULTS = {
    "met": (
        ("Ypsilantis et al. 2021, ResNet-18, ImageNet", _FROZEN, ("15.9 %", "37.5 %", "42.3 %")),
        ("Ypsilantis et al. 2021, ResNet-18, SWSL", _FROZEN, ("24.7 %", "47.0 %", "50.9 %")),
        ("Ypsilantis et al. 2021, ResNet-50, ImageNet", _FROZEN, ("22.2 %", "41.8 %", "46.4 %")),
        ("Ypsilantis et al. 2021, ResNet-50, SWSL", _FROZEN, ("30.4 %", "52.9 %", "56.3 %")),
        (
            "Ypsilantis et al. 2021, ResNet-18, SWSL, Con-Syn+Real-closest",
            _FROZEN.replace("frozen", "trained on the database"),
            ("36.1 %", "52.4 %", "55.0 %"),
        ),
    ),
    "met-mini": (("Ypsilantis et al. 2021, ResNet-18, ImageNet", _FROZEN, ("27.1 %",)),),
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the whole release, and the one with the small database."""
    for name, database in DATABASES.items():
        _, pictures = _SIZES[name]
        register(
            DatasetSpec(
                name=name,
                description=f"The Met: {pictures:,} photographs of artworks, and 21,484 to recognise or to reject",
                factory=f"artbench_met.dataset:open_{name.replace('-', '_')}",
                source=SOURCE,
                layout=LAYOUT.format(database=database),
                pictures=pictures + 21_484,
                terms=_TERMS,
            )
        )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the recognition of instances in each database."""
    for name in DATABASES:
        classes, pictures = _SIZES[name]
        register(
            TaskSpec(
                name=f"{name}-instance",
                description=f"which of {classes:,} artworks a visitor's photograph shows, if any",
                dataset=name,
                target="retrieval",
                primary_metric="global_average_precision",
                clustered=True,
                factory="artbench_met.dataset:instance_targets",
                published=Published(classes=classes, train=pictures, validation=2_165, test=19_319),
                literature=tuple(
                    PublishedResult(work=work, metric=metric, value=value, difference=difference)
                    for work, difference, values in _RESULTS[name]
                    for metric, value in zip(_METRICS, values, strict=False)
                ),
            )
        )
