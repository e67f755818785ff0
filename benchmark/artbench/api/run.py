"""`artbench.run`: encoders on tasks, from Python."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, Unpack, overload

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.data.unlabelled import find_unlabelled
from artbench.encoders.normalisation import given_normalisation
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run as run_all
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.pretrain.cached_training import trainings_for
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.records.record import Record
from artbench.runtime.progress import Reporter
from artbench.specs.variants import sweep

# Not Sequence: a text is a sequence of texts too, and one name must not be taken for several.
Names: TypeAlias = list[str] | tuple[str, ...]
Pretrainings: TypeAlias = list[str] | list[PathLike] | tuple[PathLike, ...]


class RunOptions(TypedDict, total=False):
    """The options of `artbench.run`, which explains them."""

    results: PathLike
    data_root: PathLike | None
    data: Mapping[str, PathLike] | None
    device: str
    batch_size: int | None
    workers: int | None
    seed: int
    fresh: bool
    compiled: bool
    decoder: Literal["cpu", "gpu"]
    mean: tuple[float, float, float] | None
    std: tuple[float, float, float] | None
    shots: int | None
    width: int | None
    store_tokens: bool
    protocol: str
    exclude: PathLike | None
    allow_partial: bool
    plugins: Sequence[PathLike]
    reporter: Reporter | None


class IncompleteRun(ArtbenchError):  # noqa: N818  ArtbenchError is what people catch
    """Some encoders could not be run; the results of all others are on record.

    Args:
        records: Records of the other encoders, in the order of encoders, then tasks.
        failures: Reasons why encoders could not be run, by encoder.
    """

    def __init__(self, records: Sequence[Record], failures: Mapping[str, str]) -> None:
        self.records = tuple(records)
        self.failures = dict(failures)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items())
        super().__init__(reasons.removesuffix("."))


@overload
def run(*, backbone: str, task: str, pretraining: PathLike = ..., **options: Unpack[RunOptions]) -> Record | Any: ...
@overload
def run(
    *, backbone: Names, task: str | Names, pretraining: PathLike | Pretrainings = ..., **options: Unpack[RunOptions]
) -> list[Record | Any]: ...
@overload
def run(
    *, backbone: str | Names, task: Names, pretraining: PathLike | Pretrainings = ..., **options: Unpack[RunOptions]
) -> list[Record | Any]: ...
@overload
def run(
    *, backbone: str | Names, task: str | Names, pretraining: Pretrainings, **options: Unpack[RunOptions]
) -> list[Record | Any]: ...
def run(
    *,
    backbone: str | Names,
    task: str | Names,
    pretraining: PathLike | Pretrainings = "imagenet",
    results: PathLike = "results",
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    seed: int = 0,
    fresh: bool = False,
    compiled: bool = False,
    decoder: Literal["cpu", "gpu"] = "cpu",
    mean: tuple[float, float, float] | None = None,
    std: tuple[float, float, float] | None = None,
    shots: int | None = None,
    width: int | None = None,
    store_tokens: bool = False,
    protocol: str = DEFAULT_PROTOCOL.name,
    exclude: PathLike | None = None,
    allow_partial: bool = False,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> Record | list[Record | Any] | Any:
    """Run encoders on tasks, put the results on record, and return the records; as `artbench run` does.

    What is already on record in `results` is read instead of run again.

    Args:
        backbone: An architecture, or a list or tuple of several: `resnet50`.
        task: A task, or several: `wikiart-style`. A dataset without labels is described without them.
        pretraining: Where the weights come from: a name, or the path of a checkpoint; or several.
        results: Folder of records and leaderboards.
        data_root: Folder that holds one folder per dataset, named like the dataset; None: what `ARTBENCH_DATA` says.
        data: Folders of single datasets, by name.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: what suits the device.
        workers: Images decoded at once; None: what suits the machine.
        seed: Seed for random weights.
        fresh: Run again even what is on record, and extract its features anew.
        compiled: Compile the network before it extracts.
        decoder: `gpu`: plain JPEGs are decoded by the CUDA device, to slightly other pixels.
        mean: Mean of each channel, of RGB in [0, 1], for checkpoints; None: that of its layout, or the backbone's.
        std: Standard deviation of each channel, likewise; given together with `mean`.
        shots: Number of training images per class to fit on; None: all.
        protocol: `linear-v2`, `linear-v1` for what is compared with older records, or that of a plugin.
        width: Number of principal components of train to reduce the features to; None: all features.
        store_tokens: For probes that see tokens: keep these on disk in float16, instead of computing them from the
            pictures in each pass.
        exclude: CSV file that lists images to leave out.
        allow_partial: Run although more than 1 % of the images are missing.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: Receives progress; None: notices go to the logger `artbench`. `artbench.TerminalReporter()` shows
            what the command line shows, on stderr.

    Returns:
        The record. If `backbone`, `task` or `pretraining` is a list or a tuple: the records of all combinations, in the
        order of backbones, then pretrainings, then tasks, those of one dataset together. For a dataset without labels
        (`collection:DIR`) an `UnlabelledResult` in the place of a record; in a list these come last.

    Raises:
        UsageError: A name is unknown, or an option makes no sense; nothing was started.
        IncompleteRun: An encoder could not be built or run; the others were run, and are in the exception.
        ArtbenchError: The data is not what it should be, or the results can't be written.

    Examples:
        >>> import artbench
        >>> record = artbench.run(backbone="colour-histogram", pretraining="none", task="sample-style")
        >>> record
        Record(sample-style; colour-histogram, none; ...)
        >>> record.primary_metric, record.primary.value, record.primary.ci95
        ('accuracy', ..., (..., ...))
    """
    reporter = reporter or LoggingReporter()
    paths = dataset_paths(data_root, data)
    registry = loaded(plugins, reporter, paths)
    several = any(isinstance(asked, list | tuple) for asked in (backbone, task, pretraining))
    pretrainings = pretraining if isinstance(pretraining, list | tuple) else [pretraining]
    tasks = [task] if isinstance(task, str) else list(task)
    if not several and len(registry.tasks.expand(tasks[0])) > 1:
        raise UsageError(
            f"{tasks[0]} stands for several tasks", mend=f"For a list of their records, give task=[{tasks[0]!r}]"
        )
    if not several and len(sweep(str(backbone))) > 1:
        raise UsageError(
            f"{backbone} stands for several backbones",
            mend=f"For a list of their records, give backbone=[{backbone!r}]",
        )
    request = RunRequest(
        backbones=[backbone] if isinstance(backbone, str) else list(backbone),
        pretrainings=[as_name(one) for one in pretrainings],
        tasks=tasks,
        results=Path(results),
        paths=paths,
        device=device,
        batch_size=batch_size,
        workers=workers,
        seed=seed,
        fresh=fresh,
        compiled=compiled,
        decoder=decoder,
        normalisation=given_normalisation(mean, std),
        allow_partial=allow_partial,
        exclude=None if exclude is None else Path(exclude),
        shots=() if shots is None else (shots,),
        width=width,
        store_tokens=store_tokens,
        protocol=protocol_to_run(protocol),
    )
    outcome = run_request(request, registry=registry, reporter=reporter)
    records = [result.record for result in outcome.results]
    if outcome.failures:
        raise IncompleteRun(records, outcome.failures)
    found = [*records, *outcome.unlabelled]
    return found if several else found[0]


def run_request(request: RunRequest, *, registry: Registry, reporter: Reporter) -> RunOutcome:
    """Carry out a request, as `artbench.evaluation.workflow.run` does, also for datasets without labels.

    A pretraining that is a method is trained first on the training images of the tasks, or on those of the dataset
    without labels.
    """
    unlabelled = {
        name: found for name in request.tasks if (found := find_unlabelled(name, registry=registry)) is not None
    }
    for found in unlabelled.values():
        if request.shots:
            raise UsageError(f"--shots draws images of each class, and {found.why}", mend="Leave --shots out")
        if request.width is not None:
            raise UsageError(f"--width is fitted on training images, and {found.why}", mend="Leave --width out")
    labelled = [name for name in request.tasks if name not in unlabelled]
    prepare = partial(trainings_for, registry=registry, paths=request.paths, seed=request.seed, reporter=reporter)
    outcome = RunOutcome(results=(), failures={})
    if labelled:
        labels = replace(request, tasks=labelled)
        outcome = run_all(labels, registry=registry, reporter=reporter, trainings=prepare(labelled))
    if not unlabelled:
        return outcome
    # It draws maps, for which matplotlib and plotly are imported.
    from artbench.api.unlabelled import run_unlabelled

    failures, results = dict(outcome.failures), list(outcome.unlabelled)
    for name, found in unlabelled.items():
        results += run_unlabelled(
            request, found, registry=registry, trainings=prepare([name]), failures=failures, reporter=reporter
        )
    return replace(outcome, failures=failures, unlabelled=tuple(results))
