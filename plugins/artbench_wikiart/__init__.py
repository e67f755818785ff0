"""WikiArt in separate releases: ArtGAN's, `wikiart`, the hub's, `wikiart-huggan`, and CSD's list, `wikiart-csd`."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, TaskSpec
from artbench_wikiart.literature import LITERATURE
from artbench_wikiart.prompts import PROMPTS

SOURCE = "https://github.com/cs-chan/ArtGAN, folder 'WikiArt Dataset'"
LAYOUT = "wikiart/<Style>/*.jpg and wikiart_csv/{style,artist,genre}_{train,val}.csv and *_class.txt"
TERMS = "Non-commercial research only, and the terms of use of WikiArt.org."

HUB_SOURCE = "https://huggingface.co/datasets/huggan/wikiart"
HUB_LAYOUT = "data/train-000NN-of-00072.parquet and README.md, as on the hub"

CSD_SOURCE = "https://github.com/learn2phoenix/CSD; the images are those of ArtGAN's release"
CSD_LAYOUT = "wikiart.csv with the columns path or name, artist, label, split; <Style>/*.jpg or wikiart/<Style>/*.jpg"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the releases."""
    register(
        DatasetSpec(
            name="wikiart",
            description="WikiArt, ArtGAN release: 81,446 images in 27 styles, by 1,119 painters",
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
            description="WikiArt, release of the hub (huggan/wikiart): 81,444 images, split by artbench",
            factory="artbench_wikiart.hub:open_hub",
            source=HUB_SOURCE,
            layout=HUB_LAYOUT,
            pictures=81_444,
            download="artbench_wikiart.hub_download:download",
            terms=TERMS,
        )
    )
    register(
        DatasetSpec(
            name="wikiart-csd",
            description="WikiArt as CSD divides it into queries and a database to search",
            factory="artbench_wikiart.csd:open_csd",
            source=CSD_SOURCE,
            layout=CSD_LAYOUT,
            terms=TERMS,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register the tasks of all releases."""
    for task, description, published in (
        ("style", "which of 27 styles an artwork belongs to", Published(classes=27, train=57_025, test=24_421)),
        ("artist", "which of 23 painters made an artwork", Published(classes=23, train=13_346, test=5_706)),
        ("genre", "which of 10 genres an artwork belongs to", Published(classes=10, train=45_503, test=19_492)),
    ):
        register(_task(f"wikiart-{task}", description, f"artbench_wikiart.tasks:{task}_targets", published))
    register(
        _task(
            "wikiart-painter",
            "which of the painters with at least 40 images made an artwork",
            "artbench_wikiart.painter_tasks:painter_targets",
            Published(classes=460, train=48_649, test=20_838),
        )
    )
    register(
        _task(
            "wikiart-style-unseen-artists",
            "which of 27 styles an artwork belongs to, by painters not trained on: mean over five splits",
            "artbench_wikiart.painter_tasks:unseen_artists_targets",
            Published(classes=27),
            clustered=True,
        )
    )
    for task, description, classes in (
        ("style", "which of 27 styles an artwork belongs to", 27),
        ("artist", "which of 128 painters made an artwork", 128),
        ("genre", "which of 10 genres an artwork belongs to", 10),
    ):
        register(
            _task(
                f"wikiart-huggan-{task}",
                f"{description}, on the hub's release, split by artbench",
                f"artbench_wikiart.hub:{task}_targets",
                Published(classes=classes),
            )
        )
    for task, what in (("artist", "by the painter of the query"), ("style", "of the style of the query")):
        register(
            TaskSpec(
                name=f"wikiart-{task}-retrieval",
                description=f"which artworks of CSD's database are {what}",
                dataset="wikiart-csd",
                target="retrieval",
                primary_metric="retrieval_map",
                metrics=("class_mean_retrieval_map", "csd_map_at_10", "csd_map_at_100"),
                factory=f"artbench_wikiart.csd:{task}_targets",
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
        prompts=PROMPTS.get(name),
    )
