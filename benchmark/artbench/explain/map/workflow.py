"""Maps the test images of a record, and writes a figure, a page and tables."""

from collections.abc import Sequence

import numpy as np

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.explain.cosine import unit_vectors
from artbench.explain.map.colouring import Colouring, by_class, by_year
from artbench.explain.map.contents import MapContents, Subject, known
from artbench.explain.map.faithfulness import FEWEST, faithfulness
from artbench.explain.map.request import MapRequest
from artbench.explain.map.writing import on_page, placed, write_map
from artbench.explain.reproduce import ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord
from artbench.explain.validate import class_number, nothing_to_show
from artbench.plugins.known import form_of
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter


def explain_map(request: MapRequest, checked: CheckedRecord, *, registry: Registry, reporter: Reporter) -> MapContents:
    """Lay out the images a record was tested on by the features of its encoder; write a figure, a page and tables.

    The probe's predictions are read from the file beside the record, not computed again.

    Raises:
        UsageError: A class or a name on record is unknown, UMAP was asked for and is not installed, or nothing says
            where something lies.
        ArtbenchError: The record can't be read, what it was made from is not what is here, there are too few images,
            or the folder can't be written.
    """
    measured = reproduce(checked, part="test", registry=registry, reporter=reporter)
    task, record = measured.task, measured.record
    # A published list may hold an image twice.
    once = np.sort(np.unique(measured.test.rows, return_index=True)[1])
    if len(once) < FEWEST:
        raise ArtbenchError(f"{record.task} has {len(once)} test images, too few for a map")
    test = measured.test.only(np.isin(np.arange(len(measured.test)), once))
    colouring = _colouring(measured, test.labels, request.named)
    points = unit_vectors(measured.features.take(test.rows))
    layout = placed(points, asked=request.method, seed=request.seed, reporter=reporter)
    stored, first = measured.stored, np.flatnonzero(measured.stored.rounds == 0)[once]
    predicted = None if stored.predicted is None else stored.predicted[first]
    confidence = None if stored.confidence is None else stored.confidence[first]
    contents = MapContents(
        subject=Subject.of(record),
        images=[task.dataset.ids[row] for row in test.rows.tolist()],
        layout=layout,
        colouring=colouring,
        known=known(test.labels, predicted, confidence=confidence, classes=task.targets.classes),
        faithfulness=faithfulness(points, layout.places, labels=test.labels, reporter=reporter),
        seed=request.seed,
        on_page=on_page(len(once), most=request.pictures, seed=request.seed),
    )
    if len(contents.on_page) < len(once):
        reporter.notice(
            f"the page holds {len(contents.on_page):,} of the {len(once):,} images, drawn by seed {request.seed} "
            "(--pictures); the figure shows all"
        )
    write_map(
        contents,
        points,
        dataset=task.dataset,
        rows=test.rows,
        folder=request.out,
        dpi=request.dpi,
        reporter=reporter,
    )
    return contents


def _colouring(measured: ReproducedTask, labels: Labels, named: Sequence[str]) -> Colouring:
    if form_of(measured.task.spec.target) == "number":
        return by_year(labels.astype(np.float64))
    classes = measured.task.targets.classes
    numbers = [class_number(name, classes, task=measured.record.task) for name in dict.fromkeys(named)]
    there = np.bincount(labels, minlength=len(classes)) if labels.ndim == 1 else labels.sum(axis=0)
    for number in numbers:
        if not there[number]:
            raise nothing_to_show(classes[number], task=measured.record.task)
    return by_class(labels, classes, named=numbers)
