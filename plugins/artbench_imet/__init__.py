"""The datasets `imet-2019` and `imet-2020`: works of the Metropolitan Museum with several attributes each."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec
from artbench_imet.literature import LITERATURE

LAYOUT = "train.csv, labels.csv and the images train/<id>.png"
TERMS = (
    "Published for the iMet Collection competitions, whose rules have to be accepted on Kaggle. The images belong to "
    "the Metropolitan Museum; research only."
)

SOURCES = {
    "imet-2019": "https://www.kaggle.com/c/imet-2019-fgvc6",
    "imet-2020": "https://www.kaggle.com/c/imet-2020-fgvc7",
}

_SIZES = (("2019", 109_237, 1_103), ("2020", 142_119, 3_474))

# Task, number of labels and description, by year.
_TASKS = {
    "2019": (
        ("culture", 398, "the cultures of an artwork"),
        ("tags", 705, "what an artwork depicts"),
        ("attributes", 1_103, "the cultures of an artwork and what it depicts"),
    ),
    "2020": (
        ("country", 100, "the countries of an artwork"),
        ("culture", 681, "the cultures of an artwork"),
        ("dimension", 5, "which of 5 size classes an artwork belongs to"),
        ("medium", 1_920, "the materials and techniques of an artwork"),
        ("tags", 768, "what an artwork depicts"),
    ),
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the datasets of both years."""
    for year, images, labels in _SIZES:
        register(
            DatasetSpec(
                name=f"imet-{year}",
                description=f"iMet Collection {year}: {images:,} works of the Met with {labels:,} attributes",
                factory=f"artbench_imet.dataset:open_{year}",
                source=SOURCES[f"imet-{year}"],
                layout=LAYOUT,
                pictures=images,
                terms=TERMS,
            )
        )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register one task for each kind of attribute."""
    for year, tasks in _TASKS.items():
        for task, labels, description in tasks:
            register(
                TaskSpec(
                    name=f"imet-{year}-{task}",
                    description=f"{description}: {labels:,} labels",
                    dataset=f"imet-{year}",
                    target="multi-label",
                    primary_metric="sample_f2",
                    factory=f"artbench_imet.tasks:{task}_targets",
                    published=Published(classes=labels),
                    literature=LITERATURE.get(f"{year}-{task}", ()),
                )
            )
