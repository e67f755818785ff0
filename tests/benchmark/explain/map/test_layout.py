"""Layouts, how much they keep, and colours and markers."""

import sys

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from artbench.errors import UsageError
from artbench.explain.cosine import cosine_blocks, nearest, unit_vectors
from artbench.explain.map.colouring import MOST_STYLES, NO_LABEL, by_class, by_year, style
from artbench.explain.map.contents import known
from artbench.explain.map.faithfulness import faithfulness
from artbench.explain.map.figure import map_figure
from artbench.explain.map.layout import Layout, lay_out, principal_components
from artbench.explain.map.request import choose_method
from artbench.runtime.progress import Silent
from tests.benchmark.explain.map.bundles import LABELS, POINTS, together

RANDOM = np.random.default_rng(1)


def test_principal_components_are_those_of_scikit_learn() -> None:
    found, share = principal_components(POINTS, 5)
    expected = PCA(5).fit(POINTS)
    np.testing.assert_allclose(np.abs(found), np.abs(expected.transform(POINTS)), atol=1e-5)
    assert share == pytest.approx(expected.explained_variance_ratio_.sum(), abs=1e-5)


def test_nearest_are_the_largest_cosines_in_order() -> None:
    parts = [nearest(block, 7) for _, block in cosine_blocks(POINTS, POINTS)]
    expected = np.argsort(-(POINTS @ POINTS.T), axis=1)[:, :7]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    assert nearest(POINTS[:1] @ POINTS[:3].T, 9).shape == (1, 3)


@pytest.mark.integration
def test_umap_from_known_neighbours_keeps_the_bundles_apart_and_one_seed_gives_one_map() -> None:
    pytest.importorskip("umap")
    cosines = POINTS @ POINTS.T
    np.fill_diagonal(cosines, -np.inf)
    places = nearest(cosines, 14)
    near = places, np.take_along_axis(cosines, places, axis=1)
    layout, again = (lay_out(POINTS, method="umap", seed=3, near=near) for _ in range(2))
    np.testing.assert_array_equal(layout.places, again.places)
    assert together(layout.places) > 0.9
    assert layout.how.startswith("UMAP (15 neighbours by cosine")


def test_principal_components_keep_the_bundles_apart() -> None:
    layout = lay_out(POINTS, method="pca", seed=3)
    assert np.abs(layout.places).max() == pytest.approx(1)
    assert together(layout.places) > 0.95


def test_the_numbers_are_those_of_scikit_learn_and_of_the_definition() -> None:
    places = RANDOM.standard_normal((120, 2))
    found = faithfulness(POINTS, places, labels=LABELS, reporter=Silent())
    # On the sphere the order by distance is that by cosine.
    assert found.trustworthiness == pytest.approx(trustworthiness(POINTS, places, n_neighbors=15), abs=1e-6)
    assert found.kept == pytest.approx(15 / 119, abs=0.05)
    assert found.agreement is not None
    assert found.agreement.space > 0.95
    assert found.agreement.map < 0.6
    assert found.agreement.guess == pytest.approx(1 / 3)
    perfect = faithfulness(unit_vectors(places.astype(np.float32)), places, labels=LABELS, reporter=Silent())
    assert 0 <= perfect.kept <= 1


def test_numbers_are_given_for_labels_and_years_and_for_images_that_are_equal() -> None:
    places = lay_out(POINTS, method="pca", seed=0).places
    sets = np.eye(4, dtype=bool)[LABELS]
    labels = faithfulness(POINTS, places, labels=sets, reporter=Silent())
    assert labels.agreement is not None
    assert labels.agreement.measure == "overlap"
    assert labels.agreement.space > 0.9 > 0.5 > labels.agreement.guess
    years = faithfulness(POINTS, places, labels=1600 + 100 * LABELS.astype(np.float64), reporter=Silent())
    assert years.agreement is not None
    assert years.agreement.measure == "years"
    assert years.agreement.space < years.agreement.guess
    same = faithfulness(np.ones((6, 3), np.float32), np.zeros((6, 2)), labels=LABELS[:6], reporter=Silent())
    assert 0 <= same.trustworthiness <= 1


def test_umap_is_taken_where_it_is_installed_and_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_method(None, 500) == ("umap", "")
    assert choose_method("pca", 500) == ("pca", "")
    assert choose_method(None, 10)[0] == "pca"
    assert "too few" in choose_method(None, 10)[1]
    monkeypatch.setitem(sys.modules, "umap", None)
    assert choose_method(None, 500)[0] == "pca"
    assert "artbench[map]" in choose_method(None, 500)[1]
    with pytest.raises(UsageError, match=r"artbench\[map\]"):
        choose_method("umap", 500)


def test_no_two_classes_look_alike_and_too_many_are_grey() -> None:
    assert len({style(number) for number in range(MOST_STYLES)}) == MOST_STYLES
    many = by_class(np.arange(200, dtype=np.int64) % 100, [f"class {k}" for k in range(100)])
    assert sum(group.rest for group in many.groups) == 100 - MOST_STYLES
    assert [many.groups[at].name for at in many.of.tolist()] == [f"class {k % 100}" for k in range(200)]


def test_as_many_classes_as_there_are_colours_have_one_to_themselves() -> None:
    colours = [style(number)[0] for number in range(MOST_STYLES)]
    assert len(set(colours[:11])) == 11
    # Where a colour comes again, the marker is another.
    assert style(11)[0] == colours[0]
    assert style(11)[1] != style(0)[1]


def test_the_legend_says_what_hollow_marks_mean_and_how_many_there_are() -> None:
    layout = Layout(places=RANDOM.uniform(-1, 1, (40, 2)), method="pca", kept=0.5, dimensions=2)
    colouring = by_class(np.arange(40, dtype=np.int64) % 2, ["one", "other"])
    figure = map_figure(layout, colouring, right=np.arange(40) >= 3, title="a map", caption=["of it"])
    words = [text.get_text() for text in figure.texts]
    assert "filled: the probe is right  37" in words
    assert "hollow: the probe is wrong  3" in words
    unjudged = map_figure(layout, colouring, right=None, title="a map", caption=["of it"])
    assert not any("hollow" in text.get_text() for text in unjudged.texts)


def test_the_legend_has_whole_names_in_as_many_columns_as_it_takes() -> None:
    long = "culture::south netherlandish or northern french"
    places = RANDOM.uniform(-1, 1, (90, 2))
    layout = Layout(places=places, method="pca", kept=0.5, dimensions=2)
    colouring = by_class(np.arange(90, dtype=np.int64) % 45, [long, *(f"class {k}" for k in range(44))])
    figure = map_figure(layout, colouring, right=None, title="a map", caption=["of it"])
    words = {text.get_text(): text.get_window_extent() for text in figure.texts}
    assert f"{long}  2" in words
    boxes = list(words.values())
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    assert not any(one.overlaps(other) for at, one in enumerate(boxes) for other in boxes[:at])


def test_the_largest_come_first_and_those_asked_for_alone_are_coloured() -> None:
    labels = np.array([0, 1, 1, 2, 2, 2], np.int64)
    assert [group.name for group in by_class(labels, "abc").groups] == ["c", "b", "a"]
    asked = by_class(labels, "abc", named=[0])
    assert [(group.name, group.rest) for group in asked.groups] == [("a", False), ("c", True), ("b", True)]


def test_images_with_several_labels_get_the_commonest_or_the_one_asked_for() -> None:
    sets = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 0]], bool)
    common = by_class(sets, "abc")
    assert [common.groups[at].name for at in common.of.tolist()] == ["b", "b", "b", NO_LABEL]
    assert common.groups[-1].rest
    asked = by_class(sets, "abc", named=[2])
    assert [asked.groups[at].name for at in asked.of.tolist()] == ["b", "b", "c", NO_LABEL]
    assert [group.rest for group in asked.groups] == [False, True, True]


def test_years_are_a_scale_with_periods() -> None:
    years = np.array([1601.0, 1650.0, 1651.0, 1999.0])
    found = by_year(years)
    assert found.years is not None
    assert len(set(found.colours)) > 2
    assert found.groups[0].name == "1600 to 1649"
    assert sum(group.count for group in found.groups) == 4
    assert len(by_year(np.arange(-3000.0, 2000.0, 7)).groups) <= 13
    assert by_year(np.full(4, 1650.0)).groups[0].name == "1650"


def test_truth_and_prediction_are_put_into_words() -> None:
    one = known(
        np.array([0, 1]), np.array([0, 0]), confidence=np.array([0.5, 0.25], np.float32), classes=("red", "blue")
    )
    assert (one.true, one.said) == (["red", "blue"], ["red 50.0 %", "red 25.0 %"])
    assert one.right is not None
    assert one.right.tolist() == [True, False]
    sets = known(
        np.array([[True, False], [False, False]]),
        None,
        confidence=np.array([[0.9, 0.6], [0.1, 0.2]], np.float32),
        classes="ab",
    )
    assert sets.true == ["a", NO_LABEL]
    assert sets.said == ["a 90.0 %, b 60.0 %", "b 20.0 %"]
    years = known(np.array([1654.0]), np.array([1650.4], np.float32), confidence=None, classes=())
    assert (years.true, years.said, years.right) == (["1654"], ["1650"], None)
