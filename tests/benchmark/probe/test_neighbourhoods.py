"""What neighbours share, against a plain reference and the steps of PathoROB, and without each picture."""

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench.probe.neighbourhoods import chance_neighbourhoods, neighbourhoods
from tests.support.neighbours import cells_of, index_of, of_pathorob, paired_pathorob, plain_counts, planted


def test_counts_are_those_of_a_plain_reference() -> None:
    vectors, labels, places = planted(np.random.default_rng(0), of_class=1, of_origin=0.7, shape=(3, 3, 7))
    # A cell that has no picture, and one that lacks some.
    kept = ~((labels == 2) & (places == 1))
    kept[:2] = False
    given = vectors[kept], labels[kept], places[kept]
    found = neighbourhoods(*given)
    reference = plain_counts(given[0].astype(np.float64), *given[1:])
    np.testing.assert_allclose(found.counts.sum(axis=0), reference, atol=1e-9)
    np.testing.assert_allclose(found.added.sum(axis=0), reference[1:3], atol=1e-9)


@pytest.mark.parametrize("shape", [(2, 2, 15), (3, 3, 9)])
def test_counts_and_index_are_those_of_pathorobs_steps_on_the_same_features(shape: tuple[int, int, int]) -> None:
    vectors, labels, places = planted(np.random.default_rng(4), of_class=1, of_origin=0.8, shape=shape)
    found = neighbourhoods(vectors, labels, places)
    total = paired_pathorob(vectors, labels, places, k=shape[2])
    np.testing.assert_allclose(found.counts.sum(axis=0), total[:, -1], atol=1e-9)
    assert index_of(found) == pytest.approx(total[1, -1] / (total[1, -1] + total[2, -1]), abs=1e-9)


def test_second_images_of_a_slide_count_for_nothing_in_pathorobs_steps() -> None:
    """So that an index of one image of each object, as here, is theirs of all images where they are alike."""
    vectors, labels, places = planted(np.random.default_rng(5), of_class=1, of_origin=0.8, shape=(2, 2, 8))
    twice, at, where, slides = (np.concatenate([of, of]) for of in (vectors, labels, places, np.arange(32)))
    theirs = of_pathorob(twice.astype(np.float64), at, where, slides, k=16)
    # Twice as many queries, and each neighbour twice.
    assert (theirs[:, -1] == 4 * neighbourhoods(vectors, labels, places).counts.sum(axis=0)).all()


def test_features_of_the_class_alone_give_one_and_of_the_museum_alone_nothing() -> None:
    labels, places = cells_of(3, 2, 8)
    by_class, by_museum = np.eye(3, 5, dtype=np.float32)[labels], np.eye(2, 5, 3, dtype=np.float32)[places]
    assert index_of(neighbourhoods(by_class, labels, places)) == pytest.approx(1)
    assert index_of(neighbourhoods(by_museum, labels, places)) == pytest.approx(0)
    # Both alike, and nothing at all: neighbours of equal similarity share the places.
    assert index_of(neighbourhoods(by_class + by_museum, labels, places)) == pytest.approx(0.5)
    assert index_of(neighbourhoods(np.ones_like(by_class), labels, places)) == pytest.approx(0.5)


def test_neighbours_by_chance_share_as_many_classes_as_museums() -> None:
    found = chance_neighbourhoods(*cells_of(4, 3, 20))
    assert index_of(found) == pytest.approx(0.5, abs=0.02)
    # Of 4 cells of 20 pictures each, 19 are the picture's own.
    assert found.counts.sum(axis=0)[0] / found.counts.sum() == pytest.approx(19 / 79, abs=0.01)


def test_what_pictures_add_tells_the_counts_without_one_of_them() -> None:
    """As a picture and as a neighbour of others, whose next one takes its place."""
    vectors, labels, places = planted(np.random.default_rng(1), of_class=1, of_origin=1, shape=(2, 2, 10))
    found = neighbourhoods(vectors, labels, places)
    k = 10
    near = vectors @ vectors.T / np.outer(*[np.linalg.norm(vectors, axis=1)] * 2)
    np.fill_diagonal(near, -np.inf)
    lost = []
    for gone in range(len(labels)):
        left = np.delete(np.arange(len(labels)), gone)
        order = left[np.argsort(-near[np.ix_(left, left)], axis=1)[:, :k]]
        same, here = labels[order] == labels[left][:, None], places[order] == places[left][:, None]
        lost.append(found.counts[:, 1:3].sum(axis=0) - [(same & ~here).sum(), (~same & here).sum()])
    exact, cells = np.array(lost), 2 * labels + places
    for cell in range(4):
        own = exact[cells == cell]
        spread = (own - own.mean(axis=0)) * np.sqrt(10 / 9)
        np.testing.assert_allclose(
            found.added[cells == cell], spread + found.counts[:, 1:3].mean(axis=0), atol=1e-6
        )  # fmt: skip


def test_too_few_pictures_and_broken_features_are_told() -> None:
    vectors, labels, places = planted(np.random.default_rng(2), of_class=1, of_origin=1, shape=(2, 2, 3))
    with pytest.raises(ArtbenchError, match="no two classes have pictures in the same two museums"):
        neighbourhoods(vectors[:6], labels[:6], places[:6])
    with pytest.raises(ArtbenchError, match="fewer than two pictures can be read"):
        neighbourhoods(vectors[2:], labels[2:], places[2:])
    vectors[3, 1] = np.inf
    with pytest.raises(ArtbenchError, match="NaN or infinity"):
        neighbourhoods(vectors, labels, places)
