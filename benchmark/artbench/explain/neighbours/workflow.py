"""Finds the images of a record's dataset nearest to given ones, and writes figures and a list."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import decode_whole
from artbench.data.opening import OpenTask
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError
from artbench.evaluation.rounds import readable
from artbench.explain.cosine import unit_vectors
from artbench.explain.figure import write_png
from artbench.explain.map.contents import in_words
from artbench.explain.neighbours.figure import neighbours_figure
from artbench.explain.neighbours.nearest import Answer, Neighbourhoods, Shown, by_chance, find_nearest
from artbench.explain.neighbours.request import NeighboursRequest
from artbench.explain.reproduce import ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord
from artbench.explain.validate import check_file_or_id, read_picture
from artbench.features.extract import extract
from artbench.plugins.registry import Registry
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.text import figure_name

LIST, TABLE = "neighbours.json", "neighbours.csv"
_SIDE, _LONGEST = 320, 3.0


def explain_neighbours(
    request: NeighboursRequest, checked: CheckedRecord, *, registry: Registry, reporter: Reporter
) -> Neighbourhoods:
    """Find the images of the task, in any split, that are nearest to those of the request.

    An id of the dataset stands for that image, which is not its own neighbour; anything else is the path of a file.

    Raises:
        UsageError: A name on record is unknown, or nothing says where something lies.
        ArtbenchError: An image is neither an id nor can it be read, what the record was made from is not what is
            here, or the folder can't be written.
    """

    def check(task: OpenTask, _: Encoder) -> None:
        for image in request.images:
            check_file_or_id(image, task.dataset)
            if task.dataset.rows.get(image, task.rows[0]) not in task.rows:
                raise ArtbenchError(f"{image} is no image of {task.spec.name}")

    measured = reproduce(checked, sources=request.sources, check=check, registry=registry, reporter=reporter)
    dataset, features = measured.task.dataset, measured.features
    rows = features.rows
    places = {int(row): place for place, row in enumerate(rows.tolist())}
    inside = [dataset.rows.get(image, -1) for image in request.images]
    for image, row in zip(request.images, inside, strict=True):
        if row >= 0 and row not in places:
            raise ArtbenchError(f"{image} can't be read, so that it has no features")
    files = [Path(image).expanduser().absolute() for image, row in zip(request.images, inside, strict=True) if row < 0]
    collection = unit_vectors(features.take(rows))
    elsewhere = iter(_features(files, measured, reporter) if files else ())
    itself = np.array([places.get(row, -1) for row in inside], np.int64)
    queries = np.stack([collection[place] if place >= 0 else next(elsewhere) for place in itself.tolist()])
    found = find_nearest(queries, collection, count=request.count, itself=itself)
    pictures = _Pictures(measured)
    answers = [
        Answer(
            query=pictures.shown(row) if row >= 0 else _elsewhere(Path(image)),
            nearest=[(pictures.shown(int(rows[place])), cosine) for place, cosine in near],
            file=figure_name(number, image),
        )
        for number, (image, row, near) in enumerate(zip(request.images, inside, found, strict=True), start=1)
    ]
    contents = Neighbourhoods(record=measured.record, pictures=len(rows), chance=by_chance(collection), answers=answers)
    try:
        _write(contents, request)
    except OSError as error:
        raise ArtbenchError(
            f"the list can't be written to {request.out} ({error.strerror or error})",
            mend="Name another folder with --out",
        ) from error
    return contents


def _features(files: Sequence[Path], measured: ReproducedTask, reporter: Reporter) -> NDArray[np.float32]:
    """Directions of the features of files, made as those of the dataset are and not kept."""
    once = list(dict.fromkeys(str(file) for file in files))
    asked = Dataset(name="asked-for", root=Path("/"), ids=once, files=once)
    with tempfile.TemporaryDirectory(prefix="artbench-") as folder:
        found = extract(
            measured.encoder,
            asked,
            np.arange(len(once)),
            picture=measured.protocol.picture,
            cache=Path(folder),
            device=measured.device,
            float32=measured.features.dtype == "float32",
            reporter=reporter,
        )
        return unit_vectors(found.take(np.array([once.index(str(file)) for file in files], np.int64)))


class _Pictures:
    """Images of a task, with their labels."""

    def __init__(self, measured: ReproducedTask) -> None:
        self._dataset, self._classes = measured.task.dataset, measured.task.targets.classes
        self._known = {
            row: (name, split.labels[at])
            for name, split in reversed(readable(measured.task, measured.features)[0].splits)
            for at, row in enumerate(split.rows.tolist())
        }

    def shown(self, row: int) -> Shown:
        part, label = self._known.get(row, ("", None))
        known = "" if label is None else in_words(np.asarray(label)[None], self._classes)[0]
        pixels = decode_whole(self._dataset.read(row), short_side=_SIDE, longest=_LONGEST)
        return Shown(image=self._dataset.ids[row], known=known, part=part, pixels=pixels)


def _elsewhere(file: Path) -> Shown:
    pixels = decode_whole(read_picture(file), short_side=_SIDE, longest=_LONGEST)
    return Shown(image=str(file), known="", part="", pixels=pixels)


def _write(contents: Neighbourhoods, request: NeighboursRequest) -> None:
    record = contents.record
    for answer in contents.answers:
        title = f"Nearest to {Path(answer.query.image).name}"
        figure = neighbours_figure(answer, title=title, caption=contents.caption)
        facts = {"Title": title, "artbench-record": record.id, "artbench-weights": record.encoder.weights_sha256}
        write_png(figure, request.out / answer.file, dpi=request.dpi, facts=facts)
    write_text(request.out / LIST, json.dumps(contents.as_json(), indent=1, ensure_ascii=False) + "\n")
    write_text(request.out / TABLE, contents.as_csv())
