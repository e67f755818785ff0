"""`artbench.features`: the features of a dataset's or a task's pictures, through the feature store."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_dataset, open_tasks
from artbench.encoders.request import encoder_requests
from artbench.errors import UsageError
from artbench.features.extract import extract
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Reporter


class FeatureMatrix(NamedTuple):
    """Features and whose they are: `ids, matrix = artbench.features(...)`.

    Attributes:
        ids: Of the pictures, in the order of the dataset.
        matrix: Their features, float32, shape (len(ids), feature_dim).
    """

    ids: tuple[str, ...]
    matrix: NDArray[np.float32]


def features(
    *,
    backbone: str,
    pretraining: PathLike = "imagenet",
    dataset: str | None = None,
    task: str | None = None,
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    seed: int = 0,
    allow_partial: bool = False,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> FeatureMatrix:
    """The features of all pictures of a dataset, or of those that a task needs; what is not kept yet is extracted.

    Pictures that can't be read are left out, and a notice tells how many.

    Args:
        backbone: An architecture: `resnet50`.
        pretraining: Where its weights come from: a name, or the path of a checkpoint.
        dataset: All pictures of this dataset.
        task: In the place of `dataset`: the pictures of this task.
        data_root: As of `artbench.run`.
        data: As of `artbench.run`.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Pictures a forward pass; None: what suits the device.
        workers: Pictures decoded at once; None: what suits the machine.
        seed: Seed for random weights.
        allow_partial: Go on although more than 1 % of the task's pictures is missing.
        plugins: Python files that hold plugins, beside those that are installed.
        reporter: As of `artbench.run`.

    Returns:
        Ids, and the features in their order: an array in memory, n x feature_dim x 4 bytes.

    Raises:
        UsageError: A name is unknown, a dataset's place is not said, or not exactly one of `dataset` and `task` is
            given.
        ArtbenchError: The data is not what it should be, or the encoder can't be built or run.

    Examples:
        >>> import artbench
        >>> ids, matrix = artbench.features(backbone="colour-histogram", pretraining="none", dataset="sample")
        >>> matrix.dtype, matrix.shape == (len(ids), 512)
        (dtype('float32'), True)
    """
    if (dataset is None) == (task is None):
        raise UsageError("features are either of a dataset or of a task", mend="Give one of dataset=… and task=…")
    told = reporter or LoggingReporter()
    registry = loaded(plugins, told)
    (candidate,) = encoder_requests([backbone], [as_name(pretraining)], registry=registry, seed=seed)
    paths = dataset_paths(data_root, data)
    if task is not None:
        pictures, rows = _of_task(task, registry, paths, allow_partial=allow_partial, reporter=told)
    else:
        assert dataset is not None
        spec = registry.datasets.get(dataset)
        pictures = open_dataset(spec, paths.folder(spec, reporter=told))
        rows = np.arange(len(pictures))
    found = extract(
        candidate.build(told),
        pictures,
        rows,
        picture=LINEAR_V1.picture,
        cache=cache_folder() / "features",
        device=device,
        batch_size=batch_size,
        workers=workers,
        reporter=told,
    )
    return FeatureMatrix(tuple(pictures.ids[row] for row in found.rows.tolist()), found.take(found.rows))


def _of_task(
    name: str,
    registry: Registry,
    paths: DatasetPaths,
    *,
    allow_partial: bool,
    reporter: Reporter,
) -> tuple[Dataset, NDArray[np.int64]]:
    """The dataset of a task, or of the tasks that a name stands for, and the rows they need, ascending."""
    (tasks,) = open_tasks(
        [name],
        registry=registry,
        paths=paths,
        allow_partial=allow_partial,
        reporter=reporter,
    )
    return tasks[0].dataset, np.unique(np.concatenate([task.rows for task in tasks]))
