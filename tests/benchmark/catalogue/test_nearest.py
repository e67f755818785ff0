"""Exact neighbours in blocks, against a plain search over all pairs in float64."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import skew
from sklearn.neighbors import NearestNeighbors

from artbench.catalogue import nearest
from artbench.catalogue.kept_search import KeptSearch
from artbench.catalogue.lists import NeighbourLists
from artbench.catalogue.nearest import Directions, Nearest, blocks_of, hubness, occurrences, search
from artbench.runtime.progress import RESUMED, Silent
from tests.support.reporters import RecordingReporter

ROWS = np.sort(np.random.default_rng(7).permutation(700)[:613])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_BLOCKS", {"cpu": (64, 100)})


def features(n: int = 700, d: int = 24) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    # Unequal directions, so that there are hubs.
    return (random.normal(size=(n, d)) * random.gamma(1, 1, d) + 0.5).astype(np.float32)


def plain(points: NDArray[np.float32]) -> NDArray[np.float64]:
    unit = points.astype(np.float64) / np.linalg.norm(points.astype(np.float64), axis=1, keepdims=True)
    cosines: NDArray[np.float64] = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    return cosines


def joined(found: list[Nearest]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.concatenate([one.places for one in found]), np.concatenate([one.scores for one in found])


@pytest.mark.parametrize("count", [1, 10, 150, len(ROWS) - 1])
def test_the_neighbours_are_those_of_a_plain_search(count: int) -> None:
    points = features()
    directions = Directions(points, ROWS, device="cpu")
    places, scores = joined(list(search(directions, blocks_of(directions), count=count)))
    cosines = plain(points[ROWS])
    order = np.argsort(-cosines, axis=1)[:, :count]
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, order, axis=1), atol=1e-6)
    # Where two are equally near to the last bit of float32, either may come first.
    np.testing.assert_allclose(np.take_along_axis(cosines, places, axis=1), scores, atol=1e-6)
    assert all(len(set(row)) == count for row in places.tolist())
    assert not (places == np.arange(len(ROWS))[:, None]).any()


def test_scikit_learn_finds_the_same() -> None:
    points = features()[ROWS]
    distances, others = (
        NearestNeighbors(n_neighbors=6, metric="cosine", algorithm="brute").fit(points).kneighbors(points)
    )
    directions = Directions(features(), ROWS, device="cpu")
    places, scores = joined(list(search(directions, blocks_of(directions), count=5)))
    np.testing.assert_allclose(1 - distances[:, 1:], scores, atol=1e-5)
    assert (others[:, 1:] == places).mean() > 0.999


def test_csls_is_as_in_its_paper(tmp_path: Path) -> None:
    points, count = features()[ROWS], 7
    found = KeptSearch(Directions(points, np.arange(len(points)), device="cpu"), count=count, cache=tmp_path, name="x")
    cosine, corrected, nearness = found.run(corrected=True, reporter=Silent())
    assert nearness is not None
    assert corrected is not None
    cosines = plain(points)
    near = np.sort(cosines, axis=1)[:, -10:].mean(axis=1)
    np.testing.assert_allclose(nearness, near, atol=1e-6)
    scaled = 2 * cosines - near[:, None] - near[None, :]
    best = np.sort(scaled, axis=1)[:, ::-1][:, :count]
    kept = found.lists(corrected=True).read(0, len(points))
    np.testing.assert_allclose(2 * kept.scores - nearness[:, None], best, atol=2e-6)
    np.testing.assert_allclose(np.take_along_axis(scaled, kept.places, axis=1), best, atol=2e-6)
    # What it is for.
    assert corrected.skewness < cosine.skewness
    assert corrected.never < cosine.never


def test_copies_are_each_others_neighbours_and_nothing_is_near_to_no_features() -> None:
    points = features(130)
    points[7] = points[90] * 3
    points[20] = 0
    directions = Directions(points, np.arange(130), device="cpu")
    places, scores = joined(list(search(directions, blocks_of(directions), count=1)))
    assert (places[7, 0], places[90, 0]) == (90, 7)
    assert scores[7, 0] == pytest.approx(1, abs=1e-6)
    assert scores[20, 0] == 0


def test_hubness_is_the_skewness() -> None:
    places = np.random.default_rng(1).integers(0, 50, (200, 10)) ** 2 % 200
    counts = occurrences(places, 200)
    assert counts.sum() == 2000
    assert hubness(counts) == pytest.approx(skew(counts))


def test_what_was_found_is_not_searched_again(tmp_path: Path) -> None:
    def kept() -> tuple[KeptSearch, RecordingReporter]:
        directions = Directions(features(), ROWS, device="cpu")
        return KeptSearch(directions, count=5, cache=tmp_path, name="x"), RecordingReporter()

    class StoppedError(Exception):
        pass

    def stop() -> None:
        if stopping.steps > 300:
            raise StoppedError

    first, _ = kept()
    stopping = RecordingReporter(stop)
    with pytest.raises(StoppedError):
        first.run(corrected=True, reporter=stopping)
    second, reporter = kept()
    second.run(corrected=True, reporter=reporter)
    assert reporter.notes[0] == RESUMED
    third, reporter = kept()
    third.run(corrected=True, reporter=reporter)
    assert reporter.notes == [RESUMED, RESUMED]
    (folder,) = (tmp_path / "neighbours").iterdir()
    there = {file.name: file.read_bytes() for file in folder.iterdir()}
    other = tmp_path / "other"
    KeptSearch(Directions(features(), ROWS, device="cpu"), count=5, cache=other, name="x").run(
        corrected=True, reporter=Silent()
    )
    (folder,) = (other / "neighbours").iterdir()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == there


def test_a_damaged_row_is_searched_again(tmp_path: Path) -> None:
    lists = NeighbourLists(tmp_path / "lists", pictures=300, count=3)
    lists.prepare()
    blocks = [(0, 100), (100, 200), (200, 300)]
    assert lists.missing(blocks) == blocks
    for start, stop in blocks[:2]:
        lists.write(
            Nearest(
                start=start,
                places=np.zeros((stop - start, 3), np.int64),
                scores=np.zeros((stop - start, 3), np.float32),
            )
        )
    assert lists.missing(blocks) == blocks[2:]
    with (tmp_path / "lists").open("r+b") as file:
        file.seek(150 * 28)
        file.write(b"\x01")
    assert lists.missing(blocks) == blocks[1:]


def test_other_features_are_other_lists() -> None:
    points = features()
    before = Directions(points, ROWS, device="cpu").digest
    points[ROWS[5], 3] += 1
    assert Directions(points, ROWS, device="cpu").digest != before
    assert Directions(points, ROWS[1:], device="cpu").digest != before
