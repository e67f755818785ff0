"""KaoKore: faces from Japanese picture scrolls, with gender and status."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, Published, PublishedResult, TaskSpec

SOURCE = "https://github.com/rois-codh/kaokore"
LAYOUT = "labels.csv and the faces images_256/<number>.jpg"
# The address of each face, by which its book is known.
ADDRESSES = "urls.txt"

# Train, validation and test of the labelled faces of each release.
SIZES = {"1.0": (4_238, 533, 527), "1.3": (7_405, 926, 926)}
# Labelled faces of all releases, which number their images anew.
ROWS = {"1.0": 5_298, "1.1": 8_215, "1.2": 8_446, "1.3": 9_257}

_WORK = "Tian et al. 2020, KaoKore"
_DIFFERENCE = "all weights fine-tuned"

# Accuracy on release 1.0, by network.
_PRINTED = {
    "gender": (("ResNet-18", "92.98 %"), ("Inception-v3", "96.58 %")),
    "status": (("ResNet-18", "82.16 %"), ("Inception-v3", "84.25 %")),
}
_ASKED = {
    "gender": (2, "whether a painted face is a man's or a woman's"),
    "status": (4, "whether a painted face is a noble's, a warrior's, an incarnation's or a commoner's"),
}


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register two releases: that of the paper, and the newest."""
    for release, sizes in SIZES.items():
        register(
            DatasetSpec(
                name=f"kaokore-{release}",
                description=f"KaoKore {release}: {sum(sizes):,} labelled faces from Japanese picture scrolls",
                factory=f"artbench_kaokore.dataset:open_{release.replace('.', '_')}",
                source=SOURCE,
                layout=LAYOUT,
                pictures=sum(sizes),
                terms="CC BY-SA 4.0. The faces are cut from images of several libraries, whose own terms hold too.",
            )
        )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register gender and status of both releases, in the official splits and in books that are not in train."""
    for release, (train, validation, test) in SIZES.items():
        for name, (classes, description) in _ASKED.items():
            literature = [
                PublishedResult(work=f"{_WORK}, {network}", metric="accuracy", value=value, difference=_DIFFERENCE)
                for network, value in (_PRINTED[name] if release == "1.0" else ())
            ]
            register(
                TaskSpec(
                    name=f"kaokore-{release}-{name}",
                    description=description,
                    dataset=f"kaokore-{release}",
                    target="single-label",
                    primary_metric="accuracy",
                    factory=f"artbench_kaokore.dataset:{name}_targets",
                    published=Published(classes=classes, train=train, validation=validation, test=test),
                    literature=tuple(literature),
                )
            )
            register(
                TaskSpec(
                    name=f"kaokore-{release}-{name}-unseen-books",
                    description=f"{description}, in books that are not in train",
                    dataset=f"kaokore-{release}",
                    target="single-label",
                    primary_metric="accuracy",
                    clustered=True,
                    factory=f"artbench_kaokore.books:unseen_{name}_targets",
                    published=Published(classes=classes),
                )
            )
