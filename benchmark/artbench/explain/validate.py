"""Checks of the classes and images that a user names, as far as possible before torch is imported."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.data.folders import made_folder
from artbench.data.opening import open_dataset
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.sources import CheckedRecord, task_of
from artbench.plugins.known import form_of, is_searched
from artbench.plugins.registry import Registry
from artbench.records.tables import tested_classes


def refuse_years(checked: CheckedRecord, *, registry: Registry) -> None:
    """Raise a `UsageError` if the task of a record asks for the year, or compares pictures."""
    target = task_of(checked.record, checked.sources, registry=registry).target
    if is_searched(target):
        raise UsageError(
            f"{checked.file.name} is a record of pictures compared with each other: "
            "no probe tells classes whose evidence a map could show",
            mend="Give a record of a task with classes or labels",
        )
    if form_of(target) == "number":
        raise UsageError(
            f"{checked.file.name} is a record of a task that asks for a number: "
            "a number has no class whose evidence a map could show",
            mend="Give a record of a task with classes or labels",
        )


def check_classes(names: Sequence[str], checked: CheckedRecord, *, registry: Registry, shown: bool = False) -> None:
    """Raise unless the task of a record has classes of these names, as far as the table beside the record tells.

    Raises:
        UsageError: There is no such class; the message gives the nearest names.
        ArtbenchError: No test image has a class, where `shown` says that each must have one.
    """
    if not names:
        return
    record = checked.record
    if form_of(task_of(record, checked.sources, registry=registry).target) == "number":
        raise UsageError(f"{record.task} asks for the year and has no classes", mend="Leave --class out")
    classes = tested_classes(checked.file, record)
    if classes is None:
        return
    for name in names:
        number = class_number(name, classes.names, task=record.task)
        if shown and not classes.images[number]:
            raise nothing_to_show(name, task=record.task)


def class_number(name: str, classes: Sequence[str], *, task: str) -> int:
    """Look up the number of the class called `name`, or raise a `UsageError` that gives the nearest names."""
    if name in classes:
        return classes.index(name)
    folded = {known.casefold(): known for known in classes}
    near = [folded[found] for found in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    raise UsageError(
        f"{task} has no class {name!r}",
        mend=f"Did you mean {', '.join(near)}?" if near else f"It has {', '.join(classes[:20])}",
    )


def nothing_to_show(name: str, *, task: str) -> ArtbenchError:
    """Make the error for a class that no test image has."""
    return ArtbenchError(f"no test image of {task} is {name}", mend="Take another class")


def check_images(images: Sequence[str], checked: CheckedRecord, *, registry: Registry) -> None:
    """Raise an `ArtbenchError` unless images are files that can be read, or ids of a record's dataset.

    The dataset is opened only if something is not a file, since that may take a while, and only if it is there already.
    """
    others = [image for image in images if not Path(image).expanduser().is_file()]
    for image in images:
        if image not in others:
            read_image(Path(image))
    spec = registry.datasets.get(task_of(checked.record, checked.sources, registry=registry).dataset)
    folder = checked.sources.paths.given_folder(spec) or made_folder(spec)
    if others and folder.is_dir():
        dataset = open_dataset(spec, folder)
        for image in others:
            check_file_or_id(image, dataset)


def check_file_or_id(image: str, dataset: Dataset) -> None:
    """Raise an `ArtbenchError` unless `image` is an id of a dataset or else the file of an image."""
    if image in dataset.rows:
        return
    if not Path(image).expanduser().exists():
        near = get_close_matches(image, dataset.ids, n=1, cutoff=0.6)
        raise ArtbenchError(
            f"{image} is neither a file nor an id of {dataset.name}",
            mend=f"Did you mean {near[0]}?" if near else f"An id looks like {dataset.ids[0]}",
        )
    read_image(Path(image))


def read_image(file: Path) -> bytes:
    """Read the bytes of an image that the user names, or raise an `ArtbenchError` if they can't be decoded."""
    try:
        data = file.expanduser().read_bytes()
        decode(data, short_side=64, crop=56)
    except OSError as error:
        raise ArtbenchError(f"the image {file} can't be read ({error.strerror or error})") from error
    except UnreadableImage as error:
        raise ArtbenchError(f"the image {file} can't be read: {error.reason}") from error
    return data
