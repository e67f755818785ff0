"""The neighbours of every picture, for `artbench neighbours` and `artbench.neighbours`.

Cosines favour hubs, pictures that are near to everything. Cross-domain similarity local scaling (CSLS) takes off how
near a picture is to its own neighbours: Conneau, Lample, Ranzato, Denoyer and Jégou, "Word Translation Without Parallel
Data", ICLR 2018.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.kept_search import Hubs, KeptSearch
from artbench.catalogue.lists import NeighbourLists
from artbench.catalogue.nearest import Directions, spans
from artbench.catalogue.pictures import open_pictures
from artbench.catalogue.request import NeighboursRequest, about_file
from artbench.catalogue.table_file import table_file
from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError
from artbench.features.extract import extract
from artbench.plugins.registry import Registry
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.files import cache_folder, file_errors, write_text
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter

_AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The neighbours of every picture.

    Attributes:
        images: Ids of the n pictures that could be read.
        unreadable: Why others could not, by their ids.
        count: Neighbours of each.
        cosine: Hubs among the neighbours by cosine.
        corrected: Hubs among those by CSLS; None if nothing was corrected.
        facts: Encoder and collection, for JSON.
    """

    images: Sequence[str]
    unreadable: Mapping[str, str]
    count: int
    cosine: Hubs
    corrected: Hubs | None
    facts: Mapping[str, Any]
    _lists: NeighbourLists
    _nearness: NDArray[np.float32] | None

    def blocks(self) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32], NDArray[np.float32] | None]]:
        """Yield the neighbours of some pictures at a time: position of the first picture, places, cosines, CSLS.

        Places are positions in `images`, int64, shape (m, count); cosines float32, likewise; CSLS too, or None.
        """
        for start, stop in spans(len(self.images), _AT_ONCE):
            found = self._lists.read(start, stop)
            if self._nearness is None:
                yield start, found.places[:, : self.count], found.scores[:, : self.count], None
                continue
            cosines = found.scores + np.float32(0.5) * self._nearness[found.places]
            scaled = np.float32(2) * found.scores - self._nearness[start:stop, None]
            yield start, found.places, cosines.astype(np.float32), scaled.astype(np.float32)

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32] | None]:
        """Return places, cosines and CSLS of all pictures, as `blocks` does, each of shape (n, count)."""
        parts = list(self.blocks())
        scaled = [part[3] for part in parts if part[3] is not None]
        return (
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
            np.concatenate(scaled) if scaled else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return what is written beside the table, and printed with `--json`."""
        return {
            **self.facts,
            "pictures": len(self.images),
            "neighbours": self.count,
            "hubs": {
                "cosine": asdict(self.cosine),
                **({} if self.corrected is None else {"csls": asdict(self.corrected)}),
            },
            "unreadable": [{"image": image, "reason": reason} for image, reason in self.unreadable.items()],
        }


def find_neighbours(request: NeighboursRequest, *, registry: Registry, reporter: Reporter) -> Neighbours:
    """Find the neighbours of every picture of a collection, and write them if the request says where.

    The search is exact, and compares each picture with each other, twice with the correction. What was found is kept in
    the cache: a call that was stopped goes on there, and one that was not begins with the writing.

    Raises:
        UsageError: A name is unknown, or nothing says where something is.
        ArtbenchError: There are no two pictures that can be read, the encoder can't be built or run, or a disk is full.
    """
    dataset = open_pictures(request.images, registry=registry, paths=request.paths, reporter=reporter)
    (encoder,) = encoder_requests([request.backbone], [request.pretraining], registry=registry, seed=request.seed)
    device, cache = choose_device(request.device), cache_folder()
    (features,) = extract(
        [encoder.build(reporter, device=device)],
        dataset,
        np.arange(len(dataset)),
        picture=DEFAULT_PROTOCOL.picture,
        cache=cache / "features",
        device=device,
        batch_size=request.batch_size,
        workers=request.workers,
        reporter=reporter,
    )
    rows = features.rows
    if len(rows) < 2:
        raise ArtbenchError(
            f"{dataset.name} has {len(rows)} pictures that can be read, and neighbours take two",
            mend=next((f"{dataset.ids[row]}: {why}" for row, why in features.unreadable.items()), ""),
        )
    directions = Directions(features.matrix, rows, device=device)
    searching = KeptSearch(directions, count=min(request.count, len(rows) - 1), cache=cache, name=dataset.name)
    cosine, corrected, nearness = searching.run(corrected=request.corrected, reporter=reporter)
    facts = {
        "artbench": metadata.version("artbench"),
        "images": dataset.name,
        "backbone": encoder.backbone.name,
        "pretraining": encoder.pretraining_name,
    }
    found = Neighbours(
        images=[dataset.ids[row] for row in rows.tolist()],
        unreadable={dataset.ids[row]: why for row, why in sorted(features.unreadable.items())},
        count=searching.count,
        cosine=cosine,
        corrected=corrected,
        facts=facts,
        _lists=searching.lists(corrected=request.corrected),
        _nearness=nearness,
    )
    if request.out is not None:
        _write(found, request.out, reporter)
    return found


def _write(found: Neighbours, out: Path, reporter: Reporter) -> None:
    """Write a row for each picture and neighbour, and a file beside it that says what was searched."""
    corrected = found.corrected is not None
    columns = {
        "image": False,
        "rank": True,
        "neighbour": False,
        "cosine": True,
        **({"csls": True} if corrected else {}),
    }
    about = about_file(out)
    with (
        table_file(out, columns) as file,
        reporter.counting(f"writing {out.name}", total=len(found.images), unit="images") as counter,
    ):
        for start, places, cosines, scaled in found.blocks():
            count = places.shape[1]
            names = found.images[start : start + len(places)]
            table: dict[str, Sequence[Any]] = {
                "image": [name for name in names for _ in range(count)],
                "rank": list(range(1, count + 1)) * len(places),
                "neighbour": [found.images[place] for place in places.ravel().tolist()],
                "cosine": cosines.ravel().astype(np.float64).round(6).tolist(),
            }
            if scaled is not None:
                table["csls"] = scaled.ravel().astype(np.float64).round(6).tolist()
            file.write(table)
            counter.advance(len(places))
        with file_errors(f"{about} can't be written", mend="Name another folder with --out"):
            write_text(about, json.dumps(found.as_json(), indent=1, ensure_ascii=False) + "\n")
