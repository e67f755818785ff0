"""From names to features, for `artbench features export` and `artbench.features`."""

from dataclasses import dataclass, field

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_dataset, open_tasks
from artbench.encoders.request import EncoderRequest, encoder_requests
from artbench.errors import UsageError
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class FeaturesRequest:
    """An encoder, and the images that it extracts the features of: those of a dataset, or those that a task needs.

    Attributes:
        backbone: Name of the backbone.
        pretraining: Name of the pretraining, or path of a checkpoint.
        dataset: Name of the dataset; None if `task` is given.
        task: Name of a task, or of a collection of tasks on one dataset; None if `dataset` is given.
        paths: Where the datasets are.
        device: `auto`, `cpu`, `cuda` or `mps`.
        batch_size: Images per forward pass; None: the device's default.
        workers: Images decoded at once; None: one per core.
        seed: Seed for random weights.
        allow_partial: Whether to go on although more than 1 % of the task's images is missing.
    """

    backbone: str
    pretraining: str = "imagenet"
    dataset: str | None = None
    task: str | None = None
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    seed: int = 0
    allow_partial: bool = False


def extract_features(
    request: FeaturesRequest, *, registry: Registry, reporter: Reporter
) -> tuple[EncoderRequest, Dataset, Features]:
    """Read the requested features from the store, extracting those that it lacks.

    Returns:
        The encoder, the dataset of the images, and the features.

    Raises:
        UsageError: A name is unknown, no folder is given for the dataset, or not exactly one of `dataset` and `task`
            is given.
        ArtbenchError: The data is not what it should be, or the encoder can't be built or run.
    """
    if (request.dataset is None) == (request.task is None):
        raise UsageError("features are either of a dataset or of a task", mend="Give one of dataset=… and task=…")
    (encoder,) = encoder_requests([request.backbone], [request.pretraining], registry=registry, seed=request.seed)
    if request.task is not None:
        (tasks,) = open_tasks(
            [request.task],
            registry=registry,
            paths=request.paths,
            allow_partial=request.allow_partial,
            reporter=reporter,
        )
        dataset, rows = tasks[0].dataset, np.unique(np.concatenate([task.rows for task in tasks]))
    else:
        assert request.dataset is not None
        spec = registry.datasets.get(request.dataset)
        dataset = open_dataset(spec, request.paths.folder(spec, reporter=reporter))
        rows = np.arange(len(dataset))
    (features,) = extract(
        [encoder.build(reporter)],
        dataset,
        rows,
        picture=DEFAULT_PROTOCOL.picture,
        cache=cache_folder(to_read=True) / "features",
        device=request.device,
        batch_size=request.batch_size,
        workers=request.workers,
        reporter=reporter,
    )
    return encoder, dataset, features
