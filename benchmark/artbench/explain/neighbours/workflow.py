"""Finds the images of a record's dataset nearest to given ones, and writes figures and a list."""

import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import decode_whole
from artbench.data.opening import OpenTask
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.splits import readable
from artbench.explain.cosine import unit_vectors
from artbench.explain.destination import writing
from artbench.explain.figure import write_png
from artbench.explain.map.contents import in_words
from artbench.explain.neighbours.figure import neighbours_figure
from artbench.explain.neighbours.nearest import Answer, Neighbourhoods, Shown, by_chance, find_nearest
from artbench.explain.neighbours.request import NeighboursRequest
from artbench.explain.reproduce import ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord
from artbench.explain.validate import check_file_or_id, read_image
from artbench.features.extract import extract
from artbench.plugins.registry import Registry
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.text import figure_name

LIST, TABLE = "neighbours.json", "neighbours.csv"
_pixels = partial(decode_whole, short_side=320, longest=3.0)


def explain_neighbours(
    request: NeighboursRequest, checked: CheckedRecord, *, registry: Registry, reporter: Reporter
) -> Neighbourhoods:
    """Find the images of the task, in any split, that are nearest to those of the request.

    An id of the dataset stands for that image, which is not its own neighbour; anything else is the path of a file.

    Raises:
        UsageError: A name on record is unknown, or nothing says where something is.
        ArtbenchError: An image is neither an id nor a file that can be read, the task, the data or the weights differ
            from those on record, or the folder can't be written.
    """

    def check(task: OpenTask, _: Encoder) -> None:
        for image in request.images:
            check_file_or_id(image, task.dataset)
            if task.dataset.rows.get(image, task.rows[0]) not in task.rows:
                raise ArtbenchError(f"{image} is not an image of {task.spec.name}")

    measured = reproduce(checked, check=check, registry=registry, reporter=reporter)
    dataset, rows = measured.task.dataset, measured.features.rows
    places = {row: place for place, row in enumerate(rows.tolist())}
    inside = [dataset.rows.get(image, -1) for image in request.images]
    for image, row in zip(request.images, inside, strict=True):
        if row >= 0 and row not in places:
            raise ArtbenchError(f"{image} can't be read, so that it has no features")
    asked = zip(request.images, inside, strict=True)
    files = [str(Path(image).expanduser().absolute()) for image, row in asked if row < 0]
    collection = unit_vectors(measured.features.take(rows))
    elsewhere = iter(_features(files, measured, reporter) if files else ())
    itself = np.array([places.get(row, -1) for row in inside], np.int64)
    queries = np.stack([collection[place] if place >= 0 else next(elsewhere) for place in itself.tolist()])
    found = find_nearest(queries, collection, count=request.count, itself=itself)
    labels = {
        row: (name, split.labels[at])
        for name, split in reversed(readable(measured.task, measured.features)[0].splits)
        for at, row in enumerate(split.rows.tolist())
    }

    def shown(row: int) -> Shown:
        part, label = labels.get(row, ("", None))
        known = "" if label is None else in_words(np.asarray(label)[None], measured.task.targets.classes)[0]
        return Shown(image=dataset.ids[row], known=known, part=part, pixels=_pixels(dataset.read(row)))

    answers = [
        Answer(
            query=shown(row) if row >= 0 else _elsewhere(Path(image)),
            nearest=[(shown(int(rows[place])), cosine) for place, cosine in near],
            file=figure_name(number, image),
        )
        for number, (image, row, near) in enumerate(zip(request.images, inside, found, strict=True), start=1)
    ]
    contents = Neighbourhoods(record=measured.record, pictures=len(rows), chance=by_chance(collection), answers=answers)
    with writing(f"the folder {request.out}"):
        _write(contents, request)
    return contents


def _features(files: Sequence[str], measured: ReproducedTask, reporter: Reporter) -> NDArray[np.float32]:
    """Extract the features of files as those of the dataset are, without storing them; unit vectors."""
    unique = list(dict.fromkeys(files))
    dataset = Dataset(name="asked-for", root=Path("/"), ids=unique, files=unique)
    with tempfile.TemporaryDirectory(prefix="artbench-") as folder:
        (found,) = extract(
            [measured.encoder],
            dataset,
            np.arange(len(unique)),
            picture=measured.protocol.picture,
            cache=Path(folder),
            device=measured.device,
            dtype=torch.float32 if measured.features.dtype == "float32" else None,
            reporter=reporter,
        )
        return unit_vectors(found.take(np.array([unique.index(file) for file in files], np.int64)))


def _elsewhere(file: Path) -> Shown:
    # Its name alone: where it lies is nobody's business who gets the figure.
    return Shown(image=file.name, known="", part="", pixels=_pixels(read_image(file)))


def _write(contents: Neighbourhoods, request: NeighboursRequest) -> None:
    record = contents.record
    for answer in contents.answers:
        title = f"Nearest to {Path(answer.query.image).name}"
        figure = neighbours_figure(answer, title=title, caption=contents.caption)
        facts = {"Title": title, "artbench-record": record.id, "artbench-weights": record.encoder.weights_sha256}
        write_png(figure, request.out / answer.file, dpi=request.dpi, facts=facts)
    write_text(request.out / LIST, json.dumps(contents.as_json(), indent=1, ensure_ascii=False) + "\n")
    write_text(request.out / TABLE, contents.as_csv())
