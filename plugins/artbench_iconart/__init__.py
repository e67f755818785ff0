"""IconArt: what paintings depict, such as Mary, angels or ruins."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec

SOURCE = "https://zenodo.org/records/4737435"
LAYOUT = "IconArt_v1/ImageSets/Main/IconArt_v1.csv and the images IconArt_v1/JPEGImages/<item>.jpg"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register version 1."""
    register(
        DatasetSpec(
            name="iconart-v1",
            description="IconArt v1: 5,955 paintings from Wikimedia Commons with seven iconographic labels",
            factory="artbench_iconart.dataset:open_iconart",
            source=SOURCE,
            layout=LAYOUT,
            pictures=5_955,
            terms="Annotations CC BY 4.0; images from Wikimedia Commons. Cite Gonthier et al. 2018, arXiv:1810.02569.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register its classification."""
    register(
        TaskSpec(
            name="iconart-v1-labels",
            description="which of seven persons, scenes and things a painting depicts",
            dataset="iconart-v1",
            target="multi-label",
            primary_metric="mean_average_precision",
            factory="artbench_iconart.dataset:label_targets",
            published=Published(classes=7, train=2_978, test=2_977),
        )
    )
