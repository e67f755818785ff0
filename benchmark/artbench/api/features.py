"""`artbench.features`: the features of a dataset's or a task's images, through the feature store."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.data.fitting import FeatureRows
from artbench.errors import UsageError
from artbench.features.workflow import FeaturesRequest, extract_features, extract_token_rows
from artbench.runtime.progress import Reporter


class FeatureMatrix(NamedTuple):
    """The features of some images, with their ids: `ids, matrix = artbench.features(...)`.

    Attributes:
        ids: Ids of the images, in the order of the dataset.
        matrix: Features of the images, float32, shape (len(ids), feature_dim).
    """

    ids: tuple[str, ...]
    matrix: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"FeatureMatrix({len(self.ids):,} images, {self.matrix.shape[1]:,} features)"


class TokenFeatures(NamedTuple):
    """The tokens of some images, with their ids: `ids, tokens = artbench.features(..., tokens=True)`.

    Attributes:
        ids: Ids of the images, in the order of the dataset.
        tokens: Gives the tokens of some images at a time: float32, shape (k, tokens, width).
    """

    ids: tuple[str, ...]
    tokens: FeatureRows

    def __repr__(self) -> str:
        count, width = self.tokens.shape
        return f"TokenFeatures({len(self.ids):,} images, {count:,} tokens of {width:,})"


class FeatureOptions(TypedDict, total=False):
    """The options of `artbench.features`, which explains them."""

    pretraining: PathLike
    dataset: str | None
    task: str | None
    data_root: PathLike | None
    data: Mapping[str, PathLike] | None
    device: str
    batch_size: int | None
    workers: int | None
    seed: int
    allow_partial: bool
    plugins: Sequence[PathLike]
    reporter: Reporter | None


@overload
def features(*, backbone: str, tokens: Literal[False] = ..., **options: Unpack[FeatureOptions]) -> FeatureMatrix: ...
@overload
def features(
    *, backbone: str, tokens: Literal[True], store_tokens: bool = ..., **options: Unpack[FeatureOptions]
) -> TokenFeatures: ...
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
    tokens: bool = False,
    store_tokens: bool = False,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> FeatureMatrix | TokenFeatures:
    """Return the features of all images of a dataset, or of those that a task needs, extracting what is not stored.

    Images that can't be read are left out, and a notice says how many.

    With `tokens` they are those before pooling: the patches of a transformer at the declared layer, without class token
    and registers, or the places of the last map, row by row. They are many numbers, so they are read some images at a
    time, each time from the pictures, unless they take little memory or `store_tokens` puts them into the store.

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
        tokens: Whether to return tokens instead of pooled features.
        store_tokens: Whether to keep tokens in the feature store, in float16; a notice says how much that is before it
            begins.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        Ids, and the features in their order: an array in memory, n x feature_dim x 4 bytes. Or ids, and what gives
        their tokens (`artbench.data.FeatureRows`).

    Raises:
        UsageError: A name is unknown, no folder is given for a dataset, not exactly one of `dataset` and `task` is
            given, or the network has no tokens.
        ArtbenchError: The data is not what it should be, or the encoder can't be built or run.

    Examples:
        >>> import artbench
        >>> ids, matrix = artbench.features(backbone="colour-histogram", pretraining="none", dataset="sample")
        >>> matrix.dtype, matrix.shape == (len(ids), 512)
        (dtype('float32'), True)
        >>> ids, tokens = artbench.features(
        ...     backbone="resnet18@size=64", pretraining="random", dataset="sample", tokens=True
        ... )
        >>> tokens.shape, len(tokens) == len(ids)
        ((4, 512), True)
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
    if tokens:
        registry = loaded(plugins, reporter, request.paths)
        images, rows = extract_token_rows(request, store=store_tokens, registry=registry, reporter=reporter)
        return TokenFeatures(tuple(images.ids[row] for row in rows.rows.tolist()), rows)
    if store_tokens:
        raise UsageError("store_tokens is for tokens", mend="Give tokens=True, or leave store_tokens out")
    _, images, found = extract_features(request, registry=loaded(plugins, reporter, request.paths), reporter=reporter)
    return FeatureMatrix(tuple(images.ids[row] for row in found.rows.tolist()), found.take(found.rows))
