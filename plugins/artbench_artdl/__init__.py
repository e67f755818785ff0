"""ArtDL: which saints paintings depict."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, PublishedResult, TaskSpec

SOURCE = "https://zenodo.org/records/6473001"
LAYOUT = "DEVKitArt/ArtDL.csv (or info.csv), the images DEVKitArt/JPEGImages/<item>.jpg, and sets/{train,val,test}.txt"

_WORK = "Milani and Fraternali 2021, ResNet-50"
_DIFFERENCE = "all weights fine-tuned, on whole images at their own size"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="artdl",
            description="ArtDL: 42,479 paintings with 19 iconographic labels, most of them saints",
            factory="artbench_artdl.dataset:open_artdl",
            source=SOURCE,
            layout=LAYOUT,
            pictures=42_479,
            terms="Academic research only; the owners of each image keep their rights. Labels were made in part by "
            "programs, and have errors.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the ten saints of the published benchmark, and all 19 labels."""
    register(
        TaskSpec(
            name="artdl-saints",
            description="which of ten saints a painting depicts, in the split of the published benchmark",
            dataset="artdl",
            target="single-label",
            primary_metric="macro_f1",
            factory="artbench_artdl.dataset:saint_targets",
            published=Published(classes=10, train=14_911, validation=1_861, test=1_864),
            literature=(
                PublishedResult(work=_WORK, metric="macro_f1", value="70.25 %", difference=_DIFFERENCE),
                PublishedResult(work=_WORK, metric="mean average precision", value="72.73 %", difference=_DIFFERENCE),
            ),
        )
    )
    register(
        TaskSpec(
            name="artdl-labels",
            description="which of 19 iconographic labels a painting has, over all images",
            dataset="artdl",
            target="multi-label",
            primary_metric="mean_average_precision",
            factory="artbench_artdl.dataset:label_targets",
            published=Published(classes=19),
        )
    )
