"""WikiArt in two releases that are never mixed: ArtGAN's, `wikiart`, and that of the hub, `wikiart-huggan`."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec
from artbench_wikiart.literature import LITERATURE

SOURCE = "https://github.com/cs-chan/ArtGAN, folder 'WikiArt Dataset'"
LAYOUT = "wikiart/<Style>/*.jpg and wikiart_csv/{style,artist,genre}_{train,val}.csv and *_class.txt"
TERMS = "Non-commercial research only, and the terms of use of WikiArt.org."

HUB_SOURCE = "https://huggingface.co/datasets/huggan/wikiart"
HUB_LAYOUT = "data/train-000NN-of-00072.parquet and README.md, as on the hub"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register both releases."""
    register(
        DatasetSpec(
            name="wikiart",
            description="WikiArt, ArtGAN release: 81,446 pictures in 27 styles, by 1,119 painters",
            factory="artbench_wikiart.dataset:open_wikiart",
            source=SOURCE,
            layout=LAYOUT,
            pictures=81_446,
            terms=TERMS,
        )
    )
    register(
        DatasetSpec(
            name="wikiart-huggan",
            description="WikiArt, release of the hub (huggan/wikiart): 81,444 pictures, with splits of artbench's own",
            factory="artbench_wikiart.hub:open_hub",
            source=HUB_SOURCE,
            layout=HUB_LAYOUT,
            pictures=81_444,
            download="artbench_wikiart.hub_download:download",
            terms=TERMS,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the three tasks of the ArtGAN release, those on its painters, and the three of the hub's."""
    for task, description, published in (
        ("style", "in which of 27 styles a picture is painted", Published(classes=27, train=57_025, test=24_421)),
        ("artist", "which of 23 painters has painted a picture", Published(classes=23, train=13_346, test=5_706)),
        ("genre", "to which of 10 genres a picture belongs", Published(classes=10, train=45_503, test=19_492)),
    ):
        register(_task(f"wikiart-{task}", description, f"artbench_wikiart.tasks:{task}_targets", published))
    register(
        _task(
            "wikiart-painter",
            "which painter, of all with 40 pictures or more, has painted a picture",
            "artbench_wikiart.painter_tasks:painter_targets",
            Published(classes=460, train=48_649, test=20_838),
        )
    )
    register(
        _task(
            "wikiart-style-unseen-artists",
            "in which of 27 styles a picture is painted, by painters not trained on: mean over five splits",
            "artbench_wikiart.painter_tasks:unseen_artists_targets",
            Published(classes=27),
            clustered=True,
        )
    )
    for task, description, classes in (
        ("style", "in which of 27 styles a picture is painted", 27),
        ("artist", "which of 128 painters has painted a picture", 128),
        ("genre", "to which of 10 genres a picture belongs", 10),
    ):
        register(
            _task(
                f"wikiart-huggan-{task}",
                f"{description}, by artbench's own split of the hub's release",
                f"artbench_wikiart.hub:{task}_targets",
                Published(classes=classes),
            )
        )


def _task(name: str, description: str, factory: str, published: Published, *, clustered: bool = False) -> TaskSpec:
    return TaskSpec(
        name=name,
        description=description,
        dataset="wikiart-huggan" if name.startswith("wikiart-huggan") else "wikiart",
        target="single-label",
        primary_metric="accuracy",
        factory=factory,
        clustered=clustered,
        published=published,
        literature=LITERATURE.get(name, ()),
    )
