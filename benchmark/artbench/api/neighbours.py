"""`artbench.neighbours`: the nearest neighbours of every picture of a collection."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.catalogue.neighbours import Neighbours, find_neighbours
from artbench.catalogue.request import NeighboursRequest
from artbench.runtime.progress import Reporter


def neighbours(
    *,
    images: PathLike,
    backbone: str,
    pretraining: PathLike = "imagenet",
    out: PathLike | None = None,
    count: int = 10,
    corrected: bool = True,
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    seed: int = 0,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> Neighbours:
    """Find the nearest neighbours of every picture by the cosine of its features, exactly.

    Every picture is compared with every other one, so that time grows with their square; memory does not. What was
    found is kept in the cache, and a call that was stopped goes on there.

    Args:
        images: A folder of pictures, or the name of a dataset, such as `collection:table.csv`.
        backbone: An architecture: `resnet50`.
        pretraining: Where its weights come from: a name, or the path of a checkpoint.
        out: File for the neighbours, `.csv` or `.parquet`, that is not there yet; None: none is written.
        count: Neighbours of each picture.
        corrected: Rank by CSLS (Conneau et al. 2018), which keeps hubs, near to everything, from being everywhere; it
            takes a second search.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        batch_size: Images per forward pass; None: what suits the device.
        workers: Images decoded at once; None: what suits the machine.
        seed: Seed for random weights.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        The neighbours, as arrays or block by block, and how strong hubs are before and after.

    Raises:
        UsageError: A name is unknown, `out` is there already, or nothing says where a dataset is.
        ArtbenchError: No two pictures can be read, or the encoder can't be built or run.

    Examples:
        >>> import artbench
        >>> found = artbench.neighbours(images="sample", backbone="colour-histogram", pretraining="none", count=3)
        >>> places, cosines, scaled = found.arrays()
        >>> places.shape == cosines.shape == (len(found.images), 3)
        True
    """
    request = NeighboursRequest(
        images=str(images),
        backbone=backbone,
        pretraining=as_name(pretraining),
        out=None if out is None else Path(out),
        count=count,
        corrected=corrected,
        paths=dataset_paths(data_root, data),
        device=device,
        batch_size=batch_size,
        workers=workers,
        seed=seed,
    )
    reporter = reporter or LoggingReporter()
    registry = loaded(plugins, reporter, request.paths)
    request.check(registry)
    return find_neighbours(request, registry=registry, reporter=reporter)
