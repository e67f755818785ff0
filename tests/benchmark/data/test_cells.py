"""Equally many pictures of each class and museum, and what can't be compared."""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest

from artbench.data.cells import Cell, balanced, designs
from artbench.errors import ArtbenchError


def pictures(counts: Mapping[Cell, int]) -> tuple[list[str], list[str], list[str]]:
    """Class, museum and id of so many pictures of each."""
    cells = [cell for cell, count in counts.items() for _ in range(count)]
    return [one for one, _ in cells], [museum for _, museum in cells], [f"{at:04}" for at in range(len(cells))]


def taken(counts: Mapping[Cell, int]) -> Counter[Cell]:
    classes, museums, ids = pictures(counts)
    return Counter((classes[at], museums[at]) for at in balanced(classes, museums, ids).tolist())


def test_that_number_is_taken_with_which_most_pictures_are() -> None:
    full = {(one, museum): 20 for one in ("ink", "oil", "silk") for museum in ("north", "south")}
    # With 12 of each, 72 pictures; with 20 of the other two classes, 80.
    assert taken({**full, ("ink", "north"): 12}) == {
        (one, museum): 20 for one in ("oil", "silk") for museum in ("north", "south")
    }
    assert taken({**full, ("ink", "north"): 15}) == dict.fromkeys(full, 15)
    assert taken(dict.fromkeys(full, 90)) == dict.fromkeys(full, 50)


def test_a_class_of_one_museum_is_left_out_and_so_is_a_museum_of_one_class() -> None:
    full = {(one, museum): 6 for one in ("ink", "oil") for museum in ("north", "south")}
    assert taken({**full, ("photograph", "north"): 40, ("oil", "east"): 40}) == full


def test_three_museums_of_which_each_pair_has_other_classes_are_compared() -> None:
    cells = [
        *((one, museum) for one in "ab" for museum in ("north", "south")),
        *((one, museum) for one in "cd" for museum in ("south", "west")),
    ]
    assert taken(dict.fromkeys(cells, 5)) == dict.fromkeys(cells, 5)
    assert [design.classes for design in designs(cells)] == [("a", "b"), ("c", "d")]


def test_order_does_not_matter_and_an_object_is_taken_once() -> None:
    classes, museums, ids = pictures({(one, museum): 9 for one in ("ink", "oil") for museum in ("north", "south")})
    # Two photographs of each thing, in the same museum.
    objects = [f"{at - at % 2 if at % 9 < 8 else at} of {at // 9}" for at in range(36)]
    chosen = balanced(classes, museums, ids, objects=objects)
    assert len(chosen) == 20
    assert len({objects[at] for at in chosen}) == 20
    back = balanced(classes[::-1], museums[::-1], ids[::-1], objects=objects[::-1])
    assert {ids[at] for at in chosen} == {ids[35 - at] for at in back}


def test_pictures_without_class_or_museum_are_left_out() -> None:
    classes, museums, ids = pictures({(one, museum): 6 for one in ("ink", "oil") for museum in ("north", "south")})
    classes[0] = museums[6] = ""
    assert len(balanced(classes, museums, ids)) == 20


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({("ink", "north"): 9, ("oil", "north"): 9}, "of museum all pictures are of one, 'north'"),
        ({("ink", "north"): 9, ("ink", "south"): 9}, "of class all pictures are of one, 'ink'"),
        ({("ink", "north"): 9, ("oil", "south"): 9}, "no two classes have pictures in the same two museums"),
        (
            {("ink", "north"): 9, ("ink", "south"): 9, ("oil", "north"): 9},
            "no two classes have pictures in the same two museums",
        ),
        (
            {("ink", "north"): 9, ("ink", "south"): 4, ("oil", "north"): 9, ("oil", "south"): 9},
            r"no two classes have 5 pictures each in two museums: the most are 9, of 'ink' in 'north'",
        ),
        ({}, "of class no picture has any"),
    ],
)
def test_what_can_not_be_compared_is_told(counts: Mapping[Cell, int], said: str) -> None:
    with pytest.raises(ArtbenchError, match=said):
        balanced(*pictures(counts))


@pytest.mark.parametrize(("lost", "said"), [(1, "of museum no picture has any"), (0, "of class no picture has any")])
def test_the_column_that_is_empty_is_named(lost: int, said: str) -> None:
    given = list(pictures({(one, museum): 6 for one in ("ink", "oil") for museum in ("north", "south")}))
    given[lost] = [""] * 24
    with pytest.raises(ArtbenchError, match=said):
        balanced(*given)


@pytest.mark.parametrize("seed", range(20))
def test_comparisons_are_all_pairs_of_two_classes_and_two_museums_whichever_are_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = (3, 7) if seed % 2 else (7, 3)
    cells = [(f"c{one}", f"m{museum}") for one, museum in np.argwhere(random.random(shape) < 0.6).tolist()]
    held = set(cells)
    expected = [
        ((a, b), (x, y))
        for a, b in combinations(sorted({one for one, _ in cells}), 2)
        for x, y in combinations(sorted({museum for _, museum in cells}), 2)
        if {(a, x), (a, y), (b, x), (b, y)} <= held
    ]
    assert designs(cells) == expected
    part = {cell for two, pair in expected for cell in [(one, place) for one in two for place in pair]}
    assert set(taken(dict.fromkeys(cells, 5)) if part else ()) == part


def test_of_very_many_comparisons_a_part_is_made_and_of_millions_none() -> None:
    cells = [(f"{one:04}", museum) for one in range(120) for museum in ("north", "south")]
    some = designs(cells)
    assert len(some) == 5_000
    assert some == designs(cells[::-1])
    # Every class takes part in about as many.
    counts = np.array(list(Counter(one for design in some for one in design.classes).values()))
    assert len(counts) == 120
    assert counts.min() > 50
    with pytest.raises(ArtbenchError, match="12,497,500 pairs of classes and museums"):
        designs([(f"{one:04}", museum) for one in range(5000) for museum in ("north", "south")])
