"""`artbench.explore`: a collection as a page to look around in, from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from artbench.api.common import LoggingReporter, PathLike, as_name, dataset_paths, loaded
from artbench.explain.sources import Sources
from artbench.explore.contents import Exploration
from artbench.explore.request import ExploreRequest
from artbench.explore.workflow import explore as carry_out
from artbench.runtime.progress import Reporter


def explore(
    dataset: str | None = None,
    *,
    record: PathLike | None = None,
    backbone: str | None = None,
    pretraining: PathLike | None = None,
    out: PathLike | None = "explore.html",
    layout: Literal["umap", "pca"] | None = None,
    clusters: int | None = None,
    pictures: int | None = None,
    seed: int = 0,
    exclude: PathLike | None = None,
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    device: str = "auto",
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> Exploration:
    """Explore a collection, with or without labels, and write a page; as `artbench explore` does.

    Args:
        dataset: A dataset, such as `collection:DIR` for a folder or table of your own.
        record: File of a record, instead of a dataset: its dataset is explored with its encoder.
        backbone: Network that compares pictures; None: the record's, or the best of a few whose weights are here.
        pretraining: Where its weights come from, or a checkpoint; with a record, the checkpoint that it names.
        out: The page; None: none is written.
        layout: How pictures are placed; None: UMAP where it is installed, else principal components.
        clusters: Number of clusters; None: as suits the number of pictures.
        pictures: Most pictures to explore, drawn by the seed; None: all.
        seed: Seed of the draw, of UMAP, of the clusters and of random weights.
        exclude: List of images to leave out.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        device: `auto`, `cpu`, `cuda`, or `mps`.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Returns:
        What the page shows: neighbours, clusters, duplicates, and what the catalogue and the model disagree on.

    Raises:
        UsageError: A name is unknown, not exactly one of `dataset` and `record` is given, or nothing says where the
            dataset is.
        ArtbenchError: The data or the encoder is not what it should be, or the page can't be written.

    Examples:
        >>> import artbench
        >>> found = artbench.explore(
        ...     "sample", backbone="colour-histogram", pretraining="none", pictures=40, layout="pca", out=None
        ... )
        >>> found.near.places.shape, sum(cluster.size for cluster in found.clusters.found)
        ((40, 12), 40)
    """
    checkpoint = Path(pretraining) if record is not None and pretraining is not None else None
    request = ExploreRequest(
        dataset=dataset,
        record=None if record is None else Path(record),
        backbone=backbone,
        pretraining=None if record is not None or pretraining is None else as_name(pretraining),
        out=None if out is None else Path(out),
        method=layout,
        clusters=clusters,
        pictures=pictures,
        seed=seed,
        sources=Sources(
            paths=dataset_paths(data_root, data),
            checkpoint=checkpoint,
            exclude=None if exclude is None else Path(exclude),
            device=device,
        ),
    )
    reporter = reporter or LoggingReporter()
    registry = loaded(plugins, reporter, request.sources.paths)
    return carry_out(request, request.check(registry), registry=registry, reporter=reporter)
