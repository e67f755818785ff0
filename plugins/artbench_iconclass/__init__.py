"""The Iconclass AI test set: prints and book pages with iconographic codes, scored at declared depths."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec

SOURCE = "https://iconclass.org/testset"
LAYOUT = "data.json and the images beside it"

_DEPTHS = {
    1: "which of the ten divisions of Iconclass an image shows",
    2: "which subdivisions of Iconclass (two digits, such as 25) an image shows",
    3: "which codes of Iconclass of two digits and a letter, such as 25F, an image shows",
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="iconclass",
            description="Iconclass AI test set: 87,744 prints and book pages with codes of what they show",
            factory="artbench_iconclass.dataset:open_iconclass",
            source=SOURCE,
            layout=LAYOUT,
            pictures=87_744,
            download="artbench_iconclass.download:download",
            terms="Its use should be acknowledged: Posthumus 2020, Brill Iconclass AI Test Set. The codes are CC0; the "
            "images are open, as the institutions that they come from say.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register a task for each depth."""
    for depth, description in _DEPTHS.items():
        register(
            TaskSpec(
                name=f"iconclass-depth-{depth}",
                description=description,
                dataset="iconclass",
                target="multi-label",
                primary_metric="mean_average_precision",
                factory=f"artbench_iconclass.tasks:depth_{depth}_targets",
                published=Published(classes=10) if depth == 1 else None,
            )
        )
