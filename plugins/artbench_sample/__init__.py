"""The dataset `sample`: images painted by code, with the faults of real collections."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, TaskSpec


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="sample",
            description="1,200 images painted by code: 8 styles, 24 painters, 8 materials",
            factory="artbench_sample.dataset:open_sample",
            source="artbench, which paints it",
            layout="labels.csv and the folder pictures/, both made by artbench",
            prepare="artbench_sample.paint:paint_collection",
            version=1,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the tasks, one for each kind of label."""
    register(
        TaskSpec(
            name="sample-style",
            description="which of 8 styles an image is painted in",
            dataset="sample",
            target="single-label",
            primary_metric="accuracy",
            factory="artbench_sample.tasks:style_targets",
        )
    )
    register(
        TaskSpec(
            name="sample-artist",
            description="which of 24 painters painted an image",
            dataset="sample",
            target="single-label",
            primary_metric="accuracy",
            factory="artbench_sample.tasks:artist_targets",
        )
    )
    register(
        TaskSpec(
            name="sample-material",
            description="which of 8 materials an image is made of",
            dataset="sample",
            target="multi-label",
            primary_metric="mean_average_precision",
            factory="artbench_sample.tasks:material_targets",
        )
    )
