"""The dataset `artbench10`: ten styles in equal parts, published for training generators."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Prompts, Published, TaskSpec

SOURCE = "https://github.com/liaopeiyuan/artbench"
LAYOUT = "artbench-10-imagefolder-split/{train,test}/<style>/ or artbench-10-batches-py/"

STYLES = (
    "art_nouveau",
    "baroque",
    "expressionism",
    "impressionism",
    "post_impressionism",
    "realism",
    "renaissance",
    "romanticism",
    "surrealism",
    "ukiyo_e",
)


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the dataset."""
    register(
        DatasetSpec(
            name="artbench10",
            description="ArtBench-10: 60,000 images, for each of ten styles 5,000 to train on and 1,000 to test on",
            factory="artbench_artbench10.dataset:open_artbench10",
            source=SOURCE,
            layout=LAYOUT,
            pictures=60_000,
            terms="Fair use for research, according to its authors; not for commerce.",
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register its task."""
    register(
        TaskSpec(
            name="artbench10-style",
            description="which of ten equally frequent styles an artwork belongs to",
            dataset="artbench10",
            target="single-label",
            primary_metric="accuracy",
            factory="artbench_artbench10.dataset:style_targets",
            published=Published(classes=10, train=50_000, test=10_000),
            prompts=Prompts(
                templates=("a painting in the style of {}.", "an artwork in the style of {}.", "{}, a style of art."),
                words={"ukiyo_e": "ukiyo-e", "post_impressionism": "post-impressionism"},
            ),
        )
    )
