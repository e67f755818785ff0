"""The dataset `sample`: images painted by code, with the faults of real collections."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Prompts, TargetKind, TaskSpec

_TASKS: tuple[tuple[str, str, TargetKind, str], ...] = (
    ("style", "which of 8 styles an image is painted in", "single-label", "accuracy"),
    ("artist", "which of 24 painters painted an image", "single-label", "accuracy"),
    ("material", "which of 8 materials an image is made of", "multi-label", "mean_average_precision"),
)

# No caption anywhere names these painters, so that a network that tells them by name does no better than chance.
_PROMPTS = {
    "style": Prompts(
        templates=("a picture made of {}.", "a painting made of {}.", "an image painted with {}."),
        words={
            "dabs": "short dabs of paint",
            "facets": "angular facets",
            "fields": "large blurred fields of colour",
            "flat": "flat areas with dark outlines",
            "gesture": "wild gestural strokes",
            "grid": "a grid of rectangles",
            "hatching": "fine hatched lines",
            "points": "small points of pure colour",
        },
    ),
    "artist": Prompts(templates=("a painting by {}.", "an artwork by {}.")),
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="sample",
            description="1,200 images painted by code: 8 styles, 24 painters, 8 materials",
            factory="artbench_sample.dataset:open_sample",
            source="artbench, which paints it",
            layout="labels.csv, painted.json and the folder pictures/, all made by artbench",
            prepare="artbench_sample.paint:paint_collection",
            version=2,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the tasks: one for each kind of label, one for paintings scanned twice, and one for the museums."""
    for label, description, target, metric in _TASKS:
        register(
            TaskSpec(
                name=f"sample-{label}",
                description=description,
                dataset="sample",
                target=target,
                primary_metric=metric,
                factory=f"artbench_sample.tasks:{label}_targets",
                prompts=_PROMPTS.get(label),
            )
        )
    register(
        TaskSpec(
            name="sample-painting-retrieval",
            description="which training image is another scan of the painting: 24 paintings are there in two",
            dataset="sample",
            target="retrieval",
            primary_metric="retrieval_map",
            factory="artbench_sample.tasks:painting_targets",
        )
    )
    register(
        TaskSpec(
            name="sample-museum-bias",
            description="whether pictures of one style are nearer than those of one of two museums",
            dataset="sample",
            target="museum-bias",
            primary_metric="robustness_index",
            factory="artbench_sample.tasks:museum_bias_targets",
            clustered=True,
        )
    )
