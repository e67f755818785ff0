"""The datasets `imet-2019` and `imet-2020`: works of the Metropolitan Museum with many attributes each."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec
from artbench_imet.literature import LITERATURE

LAYOUT = "train.csv, labels.csv and the pictures train/<id>.png"
TERMS = (
    "Given for the iMet Collection competitions; one accepts their rules on Kaggle. The pictures are the Metropolitan "
    "Museum's; research only."
)

SOURCES = {
    "imet-2019": "https://www.kaggle.com/c/imet-2019-fgvc6",
    "imet-2020": "https://www.kaggle.com/c/imet-2020-fgvc7",
}

_SIZES = (("2019", 109_237, 1_103), ("2020", 142_119, 3_474))

# Task, number of labels and what they say, by year.
_TASKS = {
    "2019": (
        ("culture", 398, "from which cultures a work is"),
        ("tags", 705, "what is to be seen in a work"),
        ("attributes", 1_103, "from which cultures a work is and what is to be seen in it"),
    ),
    "2020": (
        ("country", 100, "from which countries a work is"),
        ("culture", 681, "from which cultures a work is"),
        ("dimension", 5, "in which of 5 classes of size a work is"),
        ("medium", 1_920, "what a work is made of, and how"),
        ("tags", 768, "what is to be seen in a work"),
    ),
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the datasets of both years."""
    for year, pictures, labels in _SIZES:
        register(
            DatasetSpec(
                name=f"imet-{year}",
                description=f"iMet Collection {year}: {pictures:,} works of the Met with {labels:,} attributes",
                factory=f"artbench_imet.dataset:open_{year}",
                source=SOURCES[f"imet-{year}"],
                layout=LAYOUT,
                pictures=pictures,
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
