"""The dataset `rijksmuseum-2014`: the Rijksmuseum Challenge, 112,039 works with creator, types, materials and year."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TargetKind, TaskSpec
from artbench_rijksmuseum.literature import LITERATURE

SOURCE = "https://doi.org/10.6084/m9.figshare.5660617"
LAYOUT = "rijksgt.mat and all images jpg/NNNNNNN_<object-number>.jpg, or the XML files xml/ of the same names"

_WHOLE = {"train": 78_427, "validation": 11_204, "test": 22_408}
_MAP_11 = "mean_average_precision_11_point"

_TASKS: tuple[tuple[str, str, TargetKind, str, Published], ...] = (
    (
        "artist",
        "which of 374 makers made an artwork, or none of them",
        "single-label",
        "mean_class_accuracy",
        Published(classes=375, **_WHOLE),
    ),
    (
        "artist-374",
        "which of 374 makers made an artwork, without works by others",
        "single-label",
        "mean_class_accuracy",
        Published(classes=374, train=44_803, validation=6_421, test=13_247),
    ),
    (
        "artist-100",
        "which of the 100 makers with most works made an artwork",
        "single-label",
        "mean_class_accuracy",
        Published(classes=100, train=28_701, validation=4_125, test=8_201),
    ),
    ("type", "the types of an artwork, of 103", "multi-label", _MAP_11, Published(classes=103, **_WHOLE)),
    ("material", "the materials of an artwork, of 81", "multi-label", _MAP_11, Published(classes=81, **_WHOLE)),
    (
        "year",
        "the year in which an artwork was made",
        "year",
        "mean_absolute_error",
        Published(train=76_934, validation=10_964, test=22_005),
    ),
)


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="rijksmuseum-2014",
            description="Rijksmuseum Challenge 2014: 112,039 works by 6,620 makers",
            factory="artbench_rijksmuseum.dataset:open_rijksmuseum",
            source=SOURCE,
            layout=LAYOUT,
            pictures=112_039,
            terms="The images are in the public domain. Cite Mensink and van Gemert, The Rijksmuseum Challenge.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the tasks of the challenge."""
    for name, description, target, metric, published in _TASKS:
        register(
            TaskSpec(
                name=f"rijksmuseum-{name}",
                description=description,
                dataset="rijksmuseum-2014",
                target=target,
                primary_metric=metric,
                factory=f"artbench_rijksmuseum.tasks:{name.replace('-', '_')}_targets",
                published=published,
                literature=LITERATURE.get(name, ()),
            )
        )
