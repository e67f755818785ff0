"""From names to features, for `artbench features export` and `artbench.features`."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_dataset, open_tasks
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest, encoder_requests
from artbench.encoders.tokens import token_encoder
from artbench.errors import UsageError
from artbench.features.extract import Features, extract
from artbench.features.extract_tokens import extract_tokens
from artbench.features.tokens import TokenRows
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
    candidate, dataset, rows = _opened(request, registry, reporter)
    return candidate, dataset, _extracted(request, candidate.build(reporter), dataset, rows, reporter)


def extract_token_rows(
    request: FeaturesRequest, *, store: bool, registry: Registry, reporter: Reporter
) -> tuple[Dataset, TokenRows]:
    """Return the tokens of the requested images that can be read, after a pass for their pooled features.

    Args:
        request: The encoder and the images.
        store: Whether the tokens are kept in the feature store, in float16.
        registry: The loaded plugins.
        reporter: Receives progress and notices.

    Raises:
        UsageError: As `extract_features` does, or the network has no tokens.
        ArtbenchError: As `extract_features` does; or, while the tokens are read, a picture has changed.
    """
    candidate, dataset, rows = _opened(request, registry, reporter)
    encoder, picture = candidate.build(reporter), DEFAULT_PROTOCOL.picture
    token_encoder(encoder, picture=picture)
    features = _extracted(request, encoder, dataset, rows, reporter)
    source = extract_tokens(
        encoder,
        dataset,
        features,
        picture=picture,
        cache=cache_folder(to_read=True) / "features",
        device=request.device,
        batch_size=request.batch_size,
        workers=request.workers,
        store=store,
        reporter=reporter,
    )
    return dataset, TokenRows(source, features.rows)


def _opened(
    request: FeaturesRequest, registry: Registry, reporter: Reporter
) -> tuple[EncoderRequest, Dataset, NDArray[np.int64]]:
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
    return encoder, dataset, rows


def _extracted(
    request: FeaturesRequest, encoder: Encoder, dataset: Dataset, rows: NDArray[np.int64], reporter: Reporter
) -> Features:
    (features,) = extract(
        [encoder],
        dataset,
        rows,
        picture=DEFAULT_PROTOCOL.picture,
        cache=cache_folder(to_read=True) / "features",
        device=request.device,
        batch_size=request.batch_size,
        workers=request.workers,
        reporter=reporter,
    )
    return features
