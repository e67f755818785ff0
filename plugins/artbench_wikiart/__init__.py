"""The dataset `wikiart`: WikiArt in the ArtGAN release, with its tasks style, artist and genre."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, TaskSpec

SOURCE = "https://github.com/cs-chan/ArtGAN, folder 'WikiArt Dataset'"
LAYOUT = "wikiart/<Style>/*.jpg and wikiart_csv/{style,artist,genre}_{train,val}.csv and *_class.txt"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="wikiart",
            description="WikiArt, ArtGAN release: 81,446 pictures in 27 styles, by 1,119 painters",
            factory="artbench_wikiart.dataset:open_wikiart",
            source=SOURCE,
            layout=LAYOUT,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the three tasks of the release."""
    for task, description in (
        ("style", "in which of 27 styles a picture is painted"),
        ("artist", "which of 23 painters has painted a picture"),
        ("genre", "to which of 10 genres a picture belongs"),
    ):
        register(
            TaskSpec(
                name=f"wikiart-{task}",
                description=description,
                dataset="wikiart",
                target="single-label",
                primary_metric="accuracy",
                factory=f"artbench_wikiart.tasks:{task}_targets",
            )
        )
