"""`artbench.features`: the features of a dataset's or a task's images, through the feature store."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.features.workflow import FeaturesRequest, extract_features
from artbench.runtime.progress import Reporter


class FeatureMatrix(NamedTuple):
    """The features of some images, with their ids: `ids, matrix = artbench.features(...)`.

    Attributes:
        ids: Ids of the images, in the order of the dataset.
        matrix: Features of the images, float32, shape (len(ids), feature_dim).
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
    """Return the features of all images of a dataset, or of those that a task needs, extracting what is not stored.

    Images that can't be read are left out, and a notice says how many.

    Args:
        backbone: An architecture: `resnet50`.
        pretraining: Where its weights come from: a name, or the path of a checkpoint.
        dataset: A dataset, for the features of all its images.
        task: A task instead of a dataset, for the features of the images that it needs.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: what suits the device.
        workers: Images decoded at once; None: what suits the machine.
        seed: Seed for random weights.
        allow_partial: Extract although more than 1 % of the task's images are missing.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        Ids, and the features in their order: an array in memory, n x feature_dim x 4 bytes.

    Raises:
        UsageError: A name is unknown, no folder is given for a dataset, or not exactly one of `dataset` and `task` is
            given.
        ArtbenchError: The data is not what it should be, or the encoder can't be built or run.

    Examples:
        >>> import artbench
        >>> ids, matrix = artbench.features(backbone="colour-histogram", pretraining="none", dataset="sample")
        >>> matrix.dtype, matrix.shape == (len(ids), 512)
        (dtype('float32'), True)
    """
    request = FeaturesRequest(
        backbone=backbone,
        pretraining=as_name(pretraining),
        dataset=dataset,
        task=task,
        paths=dataset_paths(data_root, data),
        device=device,
        batch_size=batch_size,
        workers=workers,
        seed=seed,
        allow_partial=allow_partial,
    )
    reporter = reporter or LoggingReporter()
    _, images, found = extract_features(request, registry=loaded(plugins, reporter, request.paths), reporter=reporter)
    return FeatureMatrix(tuple(images.ids[row] for row in found.rows.tolist()), found.take(found.rows))
