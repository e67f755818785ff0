"""Maps the test images of a record, and writes a figure, a page and tables."""

import json
from collections.abc import Sequence

import numpy as np

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.explain.cosine import nearest, unit_vectors
from artbench.explain.destination import writing
from artbench.explain.figure import write_png
from artbench.explain.map.colouring import Colouring, by_class, by_year
from artbench.explain.map.contents import FIGURE, PAGE, SUMMARY, TABLE, MapContents, known
from artbench.explain.map.faithfulness import FEWEST, faithfulness
from artbench.explain.map.figure import map_figure
from artbench.explain.map.layout import lay_out
from artbench.explain.map.page import map_page, thumbnails
from artbench.explain.map.request import MapRequest, choose_method
from artbench.explain.reproduce import ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord
from artbench.explain.validate import class_number, nothing_to_show
from artbench.plugins.registry import Registry
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter

# Short side of an image on the page, in pixels, and how many of its nearest are shown beside it.
_THUMBNAIL, _NEAR = 96, 6


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
    method, why = choose_method(request.method, len(once))
    if why:
        reporter.notice(why)
    test = measured.test.only(np.isin(np.arange(len(measured.test)), once))
    colouring = _colouring(measured, test.labels, request.named)
    points = unit_vectors(measured.features.take(test.rows))
    with reporter.counting(f"laying out by {method.upper()}", total=1, unit="maps") as counter:
        layout = lay_out(points, method=method, seed=request.seed)
        counter.advance()
    stored, first = measured.stored, np.flatnonzero(measured.stored.rounds == 0)[once]
    predicted = None if stored.predicted is None else stored.predicted[first]
    confidence = None if stored.confidence is None else stored.confidence[first]
    contents = MapContents(
        record=record,
        images=[task.dataset.ids[row] for row in test.rows.tolist()],
        layout=layout,
        colouring=colouring,
        known=known(test.labels, predicted, confidence=confidence, classes=task.targets.classes),
        faithfulness=faithfulness(points, layout.places, labels=test.labels, reporter=reporter),
        seed=request.seed,
        on_page=np.sort(np.random.default_rng(request.seed).permutation(len(once))[: request.pictures]),
    )
    if len(contents.on_page) < len(once):
        reporter.notice(
            f"the page holds {len(contents.on_page):,} of the {len(once):,} images, drawn by seed {request.seed} "
            "(--pictures); the figure shows all"
        )
    small = thumbnails(task.dataset, test.rows[contents.on_page].tolist(), side=_THUMBNAIL, reporter=reporter)
    shown = points[contents.on_page]
    cosines = shown @ shown.T
    np.fill_diagonal(cosines, -np.inf)
    page = map_page(contents, thumbnails=small, near=nearest(cosines, min(_NEAR, len(cosines) - 1)).tolist())
    with writing(f"the folder {request.out}"):
        _write(contents, page, request)
    return contents


def _colouring(measured: ReproducedTask, labels: Labels, named: Sequence[str]) -> Colouring:
    if measured.task.spec.target == "year":
        return by_year(labels.astype(np.float64))
    classes = measured.task.targets.classes
    numbers = [class_number(name, classes, task=measured.record.task) for name in dict.fromkeys(named)]
    there = np.bincount(labels, minlength=len(classes)) if labels.ndim == 1 else labels.sum(axis=0)
    for number in numbers:
        if not there[number]:
            raise nothing_to_show(classes[number], task=measured.record.task)
    return by_class(labels, classes, named=numbers)


def _write(contents: MapContents, page: str, request: MapRequest) -> None:
    record = contents.record
    title, right = contents.title, contents.known.right
    figure = map_figure(contents.layout, contents.colouring, right=right, title=title, caption=contents.caption)
    facts = {
        "Title": title,
        "artbench-record": record.id,
        "artbench-weights": record.encoder.weights_sha256,
        "artbench-layout": contents.layout.how,
        "artbench-seed": str(contents.seed),
    }
    folder = request.out
    write_png(figure, folder / FIGURE, dpi=request.dpi, facts=facts)
    write_text(folder / PAGE, page)
    write_text(folder / SUMMARY, json.dumps(contents.as_json(), indent=1, ensure_ascii=False) + "\n")
    write_text(folder / TABLE, contents.as_csv())
