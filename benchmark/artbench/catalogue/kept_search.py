"""The search for neighbours as it is kept in the cache, so that one that was stopped goes on."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.catalogue.lists import NeighbourLists
from artbench.catalogue.nearest import AVERAGED, Directions, blocks_of, hubness, occurrences, search, spans
from artbench.runtime.cache_kinds import NEIGHBOURS, neighbours_lease
from artbench.runtime.files import file_errors
from artbench.runtime.progress import RESUMED, Reporter

# Change it whenever a change here may change a result that is kept.
_VERSION = 1
_AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class Hubs:
    """How often pictures are among the neighbours of others.

    Attributes:
        skewness: Skewness of that number over pictures; 0 without hubs.
        most: The largest number.
        never: Number of pictures that are nobody's neighbour.
    """

    skewness: float
    most: int
    never: int


class KeptSearch:
    """The searches among some pictures, by cosine and with the correction, kept in a folder of the cache.

    Args:
        directions: The pictures.
        count: Neighbours of each, less than the number of pictures.
        cache: The cache folder.
        name: Name of the collection, for progress.

    Attributes:
        count: As given.
    """

    def __init__(self, directions: Directions, *, count: int, cache: Path, name: str) -> None:
        self._directions, self._name, self.count = directions, name, count
        n = len(directions)
        # As many as the correction averages are searched, so that both lists come of one search.
        self._searched = min(max(count, AVERAGED), n - 1)
        what = [_VERSION, directions.digest, count, directions.device, torch.__version__, blocks_of(directions)[0]]
        key = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]
        self._folder = cache / NEIGHBOURS / key
        self._lease = neighbours_lease(cache, self._folder)
        self._cosine = NeighbourLists(self._folder / "cosine.idx", pictures=n, count=self._searched)
        self._corrected = NeighbourLists(self._folder / "csls.idx", pictures=n, count=count)

    def lists(self, *, corrected: bool) -> NeighbourLists:
        """Return the lists that were asked for."""
        return self._corrected if corrected else self._cosine

    def run(self, *, corrected: bool, reporter: Reporter) -> tuple[Hubs, Hubs | None, NDArray[np.float32] | None]:
        """Search what is missing; return the hubs of both searches, and how near each picture is to its neighbours."""
        mend = "What was found is kept. Free disk space, or name another folder with ARTBENCH_CACHE"
        with self._lease, file_errors(f"neighbours can't be kept in {self._folder}", mend=mend):
            self._lease.acquire(reporter=reporter)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._fill(self._cosine, self._searched, None, f"neighbours in {self._name}", reporter)
            cosine, nearness = self._hubs(self._cosine), None
            if not corrected:
                return cosine, None, None
            nearness = self._nearness()
            self._fill(
                self._corrected,
                self.count,
                np.float32(0.5) * nearness,
                f"neighbours in {self._name}, corrected",
                reporter,
            )
            return cosine, self._hubs(self._corrected), nearness

    def _fill(
        self,
        lists: NeighbourLists,
        count: int,
        taken_off: NDArray[np.float32] | None,
        what: str,
        reporter: Reporter,
    ) -> None:
        lists.prepare()
        blocks = blocks_of(self._directions)
        missing = lists.missing(blocks)
        before = len(self._directions) - sum(stop - start for start, stop in missing)
        with reporter.counting(what, total=len(self._directions), unit="images") as counter:
            if before:
                counter.advance(before, note=RESUMED)
            for found in search(self._directions, missing, count=count, taken_off=taken_off):
                self._lease.check()
                lists.write(found)
                counter.advance(len(found.places))
        lists.flush()

    def _nearness(self) -> NDArray[np.float32]:
        """Return the mean cosine of each picture to its neighbours, float32, shape (n,)."""
        averaged = min(AVERAGED, self._searched)
        blocks = (self._cosine.read(*span) for span in spans(len(self._directions), _AT_ONCE))
        return np.concatenate([found.scores[:, :averaged].mean(axis=1) for found in blocks])

    def _hubs(self, lists: NeighbourLists) -> Hubs:
        n = len(self._directions)
        counts = np.zeros(n, np.int64)
        for span in spans(n, _AT_ONCE):
            counts += occurrences(lists.read(*span).places[:, : self.count], n)
        return Hubs(skewness=hubness(counts), most=int(counts.max()), never=int((counts == 0).sum()))
