"""Sketchbook pages in a folder with a list, and their drawing media as a task of artbench."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, TaskSpec

# The contract of artbench's plugins that this was written for: another one would refuse it, and say so.
ARTBENCH_CONTRACT = 1


@hookimpl
def register_datasets(register: Callable[[DatasetSpec], None]) -> None:
    """Register `sketchbook`."""
    register(
        DatasetSpec(
            name="sketchbook",
            description="pages of sketchbooks, one image each",
            factory="artbench_sketchbook.pages:read",
            source="whoever scanned the sketchbooks",
            layout="pages.csv (page, artist, medium, split) and the images it names",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register `sketchbook-medium`."""
    register(
        TaskSpec(
            name="sketchbook-medium",
            description="with what a page is drawn",
            dataset="sketchbook",
            target="single-label",
            primary_metric="balanced_accuracy",
            factory="artbench_sketchbook.pages:medium",
        )
    )
