"""MAMe: which of 29 mediums a museum's artwork is made of."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec

SOURCE = "https://hpai.bsc.es/MAMe-dataset"
LAYOUT = "MAMe_metadata/MAMe_dataset.csv and the images data/<file> or data_256/<file>"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="mame",
            description="MAMe: 37,407 works of three museums, of 29 mediums",
            factory="artbench_mame.dataset:open_mame",
            source=SOURCE,
            layout=LAYOUT,
            pictures=37_407,
            terms="Images that three museums give away. Cite Parés et al. 2020, arXiv:2007.13693.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the medium, the museum, which no medium should be guessed from, and which of the two weighs more."""
    sizes = {"train": 20_300, "validation": 1_450, "test": 15_657}
    register(
        TaskSpec(
            name="mame-medium",
            description="which of 29 mediums an artwork is made of",
            dataset="mame",
            target="single-label",
            primary_metric="accuracy",
            factory="artbench_mame.dataset:medium_targets",
            published=Published(classes=29, **sizes),
        )
    )
    register(
        TaskSpec(
            name="mame-medium-unseen-objects",
            description="which of 29 mediums an artwork is made of, without test images of objects in train",
            dataset="mame",
            target="single-label",
            primary_metric="accuracy",
            clustered=True,
            factory="artbench_mame.dataset:unseen_medium_targets",
            published=Published(classes=29, train=sizes["train"], validation=sizes["validation"]),
        )
    )
    register(
        TaskSpec(
            name="mame-museum",
            description="which of three museums photographed an artwork: what an encoder should rather not see",
            dataset="mame",
            target="single-label",
            primary_metric="mean_class_accuracy",
            factory="artbench_mame.dataset:museum_targets",
            published=Published(classes=3, **sizes),
        )
    )
    register(
        TaskSpec(
            name="mame-museum-bias",
            description="whether works of one medium are nearer than those of one of three museums",
            dataset="mame",
            target="museum-bias",
            primary_metric="robustness_index",
            factory="artbench_mame.dataset:museum_bias_targets",
        )
    )
