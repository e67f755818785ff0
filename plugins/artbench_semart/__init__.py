"""SemArt: type, school and time of paintings of the Web Gallery of Art."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, PublishedResult, TaskSpec

SOURCE = "https://researchdata.aston.ac.uk/id/eprint/380"
LAYOUT = "SemArt/semart_{train,val,test}.csv and the images SemArt/Images/<file>"

# Classes, the unknown one included, what is asked, and published accuracies: frozen and fine-tuned ResNet-50, and the
# authors' best.
_ASKED = {
    "type": (11, "which of ten types a painting is of, or another", ("72.6 %", "76.5 %", "81.5 %")),
    "school": (25, "which of 24 schools a painting is of, or another", ("55.7 %", "65.5 %", "69.1 %")),
    "timeframe": (18, "in which of 17 half centuries a painting was made, or another", ("45.6 %", "60.4 %", "63.2 %")),
    "author": (350, "which of 349 painters a painting is by, or another", ("50.0 %", "51.5 %", "61.5 %")),
}
_WORKS = (
    ("Garcia et al. 2019, ResNet-50", "frozen, with layers on top; best epoch by validation"),
    ("Garcia et al. 2019, ResNet-50", "all weights fine-tuned"),
    ("Garcia et al. 2019, the best of their methods", "fine-tuned, with a graph or with all tasks together"),
)


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="semart",
            description="SemArt: 21,000 paintings of the Web Gallery of Art",
            factory="artbench_semart.dataset:open_semart",
            source=SOURCE,
            layout=LAYOUT,
            terms="Images of the Web Gallery of Art, for research. Cite Garcia and Vogiatzis 2018.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register each question in the official split, and all but the painter with painters that are not in train."""
    for name, (classes, description, values) in _ASKED.items():
        register(
            TaskSpec(
                name=f"semart-{name}",
                description=description,
                dataset="semart",
                target="single-label",
                primary_metric="accuracy",
                factory=f"artbench_semart.tasks:{name}_targets",
                published=Published(classes=classes),
                literature=tuple(
                    PublishedResult(work=work, metric="accuracy", value=value, difference=difference)
                    for (work, difference), value in zip(_WORKS, values, strict=True)
                ),
            )
        )
        if name == "author":
            continue
        register(
            TaskSpec(
                name=f"semart-{name}-unseen-artists",
                description=f"{description}, by painters that are not in train",
                dataset="semart",
                target="single-label",
                primary_metric="accuracy",
                clustered=True,
                factory=f"artbench_semart.tasks:unseen_{name}_targets",
                published=Published(classes=classes),
            )
        )
