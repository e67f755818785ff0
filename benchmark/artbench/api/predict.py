"""`artbench.predict`: labels or dates for pictures, by the encoder and probe of a record."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from artbench.api.common import LoggingReporter, PathLike, dataset_paths, loaded
from artbench.catalogue.predict import Prediction, predict_pictures
from artbench.catalogue.request import PredictRequest
from artbench.explain.sources import Sources
from artbench.runtime.progress import Reporter


def predict(
    record: PathLike,
    *,
    images: PathLike,
    out: PathLike,
    precision: float | None = None,
    coverage: float | None = None,
    task: str | None = None,
    checkpoint: PathLike | None = None,
    exclude: PathLike | None = None,
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> Prediction:
    """Say what a record's encoder and probe take every picture for, with calibrated probabilities, in a table.

    The probe is fitted again and checked against the record, so the record's dataset must be here. A call that was
    stopped goes on where it was.

    Args:
        record: File of the record, with its predictions beside it.
        images: A folder of pictures, or the name of a dataset, such as `collection:table.csv`.
        out: File for the answers, `.csv` or `.parquet`, that is not there yet. `NAME.about.json` beside it says how
            they were made.
        precision: Share of the answers that must be right, in (0, 1): pictures of which the probe is not sure enough
            get "don't know". None: every picture gets an answer.
        coverage: Share of pictures whose year should lie in its interval, in (0, 1), for tasks that ask for it; None:
            0.9.
        task: Task of the record, if it is a collection at another place than last.
        checkpoint: Checkpoint, if the record's pretraining is one.
        exclude: List of the images that were left out of the record.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: what suits the device.
        workers: Images decoded at once; None: what suits the machine.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        How many pictures have an answer, which can't be read, and what the record's test says of the answers.

    Raises:
        UsageError: A name is unknown, `out` is there already, an option does not fit the task, or nothing says where
            something is.
        ArtbenchError: The record can't be reproduced here, there are no pictures, or too few images to promise the
            precision.

    Examples:
        >>> import artbench
        >>> record = artbench.run(backbone="colour-histogram", pretraining="none", task="sample-style")
        >>> from pathlib import Path
        >>> (file,) = Path("results/records/sample-style").glob("colour-histogram*.json")
        >>> done = artbench.predict(file, images="sample", out="labels.csv")
        >>> done.pictures == done.answered, len(Path("labels.csv").read_text().splitlines()) == done.pictures + 1
        (True, True)
    """
    sources = Sources(
        tasks=() if task is None else (task,),
        paths=dataset_paths(data_root, data),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        exclude=None if exclude is None else Path(exclude),
        device=device,
    )
    request = PredictRequest(
        record=Path(record),
        images=str(images),
        out=Path(out),
        precision=precision,
        coverage=coverage,
        sources=sources,
        batch_size=batch_size,
        workers=workers,
    )
    reporter = reporter or LoggingReporter()
    registry = loaded(plugins, reporter, sources.paths)
    return predict_pictures(request, request.check(registry), registry=registry, reporter=reporter)
