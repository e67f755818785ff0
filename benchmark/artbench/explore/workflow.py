"""From a collection to a page: features once, then map, neighbours, clusters, duplicates and disagreements."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.nearest import Directions, Nearest, nearest_of_all
from artbench.data.dataset import Dataset
from artbench.data.exclusion import Exclusions
from artbench.data.opening import open_datasets_with_tasks
from artbench.encoders.embedding import text_side
from artbench.encoders.encoder import Encoder
from artbench.encoders.text import TextSide
from artbench.errors import ArtbenchError
from artbench.evaluation.unlabelled import rows_without
from artbench.explain.cosine import unit_vectors
from artbench.explain.map.faithfulness import neighbours_on_map, share_kept
from artbench.explain.map.layout import Layout, lay_out, principal_components
from artbench.explain.map.request import NEIGHBOURS, choose_method
from artbench.explain.sources import check_version, other_weights
from artbench.explore.clusters import find_clusters
from artbench.explore.columns import columns_of, several_valued
from artbench.explore.contents import Exploration
from artbench.explore.disagreements import WIDTH, find_disagreements
from artbench.explore.encoder import choose_encoder
from artbench.explore.page import FILE_BUDGET, write_page
from artbench.explore.pictures import SmallPictures
from artbench.explore.request import CheckedRequest, ExploreRequest
from artbench.explore.twins import find_twins
from artbench.features.extract import extract
from artbench.plugins.registry import Registry
from artbench.protocol import DEFAULT_PROTOCOL, protocol_named
from artbench.runtime.files import cache_folder
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter

# Neighbours that are shown of each picture.
SHOWN = 12
# Fewest pictures of which something can be said.
FEWEST = 4
# Bytes of small pictures that a server keeps in memory.
_SERVED_BUDGET = 300_000_000


def explore(request: ExploreRequest, checked: CheckedRequest, *, registry: Registry, reporter: Reporter) -> Exploration:
    """Explore a collection; write the page, unless `request.out` is None.

    Raises:
        UsageError: A name is unknown, or nothing says where something lies.
        ArtbenchError: The dataset, the record or the encoder is not as it should be, there are too few pictures, or the
            page can't be written.
    """
    device = choose_device(request.sources.device)
    (opened,) = open_datasets_with_tasks(
        [checked.dataset], registry=registry, paths=request.sources.paths, reporter=reporter
    )
    dataset = opened.dataset
    for remark in opened.spec.remarks:
        reporter.notice(f"{dataset.name}: {remark}.")
    wanted = _drawn(dataset, checked.exclusions, most=request.pictures, seed=request.seed)
    chosen = choose_encoder(checked, seed=request.seed, registry=registry, reporter=reporter)
    record = checked.record
    if record is not None:
        check_version(record, chosen.backbone)
    encoder = chosen.build(reporter, device=device)
    if record is not None and encoder.weights_sha256 != record.encoder.weights_sha256:
        raise other_weights(record, encoder.weights_sha256, checkpoint=chosen.checkpoint_sha256)
    protocol = DEFAULT_PROTOCOL if record is None else protocol_named(record.protocol) or DEFAULT_PROTOCOL
    making = SmallPictures(
        dataset,
        len(wanted),
        scaled_for=protocol.picture.short_side(encoder.input_size),
        budget=_SERVED_BUDGET if request.out is None else FILE_BUDGET,
        keep_all=request.out is None,
    )
    (features,) = extract(
        [encoder],
        dataset,
        wanted,
        picture=protocol.picture,
        beside=making.beside,
        cache=cache_folder(to_read=True) / "features",
        device=device,
        reporter=reporter,
    )
    rows = features.rows
    if len(rows) < FEWEST:
        raise ArtbenchError(f"{dataset.name} has {len(rows)} pictures that can be read, too few to explore")
    columns = columns_of(opened, rows)
    several = several_valued(opened, columns)
    classes = {name: values for name, values in columns.items() if name not in several}
    points = unit_vectors(features.take(rows))
    near = nearest_of_all(
        Directions(points, np.arange(len(points)), device=device), count=max(SHOWN, NEIGHBOURS - 1), reporter=reporter
    )
    with ThreadPoolExecutor(1, thread_name_prefix="artbench-layout") as beside:
        # One core lays out while the others compare.
        laying = beside.submit(_placed, points, near, request, reporter.notice)
        pictures = making.of(rows, reporter)
        twins = find_twins(near, pictures, features.contents[rows], reporter=reporter)
        with reporter.counting("laying out", total=1, unit="maps") as counter:
            layout = laying.result()
            counter.advance()
    shown = near.first(SHOWN)
    components, _ = principal_components(points, min(WIDTH, len(points)))
    found = Exploration(
        dataset=dataset,
        rows=rows,
        of=len(dataset) if request.pictures is None else len(rows_without(dataset, checked.exclusions)),
        unreadable=len(features.unreadable),
        encoder=encoder,
        device=device,
        texts=_texts(encoder, registry, reporter),
        preprocessing=protocol.picture,
        points=points,
        columns=columns,
        layout=layout,
        kept=share_kept(shown.places, neighbours_on_map(layout.places, shown.places.shape[1])),
        near=shown,
        clusters=find_clusters(components, columns, count=request.clusters, seed=request.seed),
        pictures=pictures,
        twins=twins,
        judged=find_disagreements(components, classes, twins, device=device, reporter=reporter),
        seed=request.seed,
        page=request.out,
    )
    if request.out is not None:
        write_page(found, request.out)
    return found


def _drawn(dataset: Dataset, exclusions: Exclusions, *, most: int | None, seed: int) -> NDArray[np.int64]:
    rows = rows_without(dataset, exclusions)
    if most is None or most >= len(rows):
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])


def _texts(encoder: Encoder, registry: Registry, reporter: Reporter) -> TextSide | None:
    if encoder.text is None:
        return None
    try:
        return text_side(encoder, registry)
    except ArtbenchError as error:
        reporter.notice(f"there is no search by words: {error.message}")
        return None


def _placed(
    points: NDArray[np.float32], near: Nearest, request: ExploreRequest, notice: Callable[[str], None]
) -> Layout:
    method, why = choose_method(request.method, len(points))
    if why:
        notice(why)
    first = near.first(NEIGHBOURS - 1)
    known = (first.places, first.scores) if method == "umap" else None
    return lay_out(points, method=method, seed=request.seed, near=known)
