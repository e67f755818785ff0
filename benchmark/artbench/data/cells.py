"""Cells of pictures of one class and one origin, such as a museum, and comparisons of two classes and two origins."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from heapq import nsmallest
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError

# A cell of fewer pictures says little of it, and of more than 50 a comparison takes no more, about as many as the
# neighbours that Kömen et al. count (11, 46 and 61).
FEWEST, MOST = 5, 50
# Comparisons that are made at most: with many museums and classes there would be millions.
_MOST_DESIGNS = 5_000
_MOST_LISTED = 5_000_000

Cell = tuple[str, str]


class Design(NamedTuple):
    """Two classes and two origins, all four cells of which have pictures."""

    classes: tuple[str, str]
    origins: tuple[str, str]

    @property
    def cells(self) -> list[Cell]:
        """The four cells."""
        return [(one, place) for one in self.classes for place in self.origins]


def designs(cells: Sequence[Cell]) -> list[Design]:
    """Return every pair of classes with every pair of origins that both classes have pictures of, in order.

    Of more than 5,000 they are those with the smallest SHA-256 of their names.

    Args:
        cells: The cells that have pictures; class and origin.

    Raises:
        ArtbenchError: There are more than five million.

    Examples:
        >>> from artbench.data.cells import designs
        >>> designs([("oil", "north"), ("oil", "south"), ("ink", "north"), ("ink", "south"), ("silk", "south")])
        [Design(classes=('ink', 'oil'), origins=('north', 'south'))]
    """
    count = sum(len(both) * (len(both) - 1) // 2 for _, both, _ in _shared(cells))
    if count > _MOST_LISTED:
        raise ArtbenchError(
            f"there are {count:,} pairs of classes and museums to compare, more than {_MOST_LISTED:,}",
            mend="Take classes together, or leave out rare ones",
        )
    found = (
        Design(pair, two) if of_classes else Design(two, pair)
        for pair, both, of_classes in _shared(cells)
        for two in combinations(sorted(both), 2)
    )
    return sorted(nsmallest(_MOST_DESIGNS, found, key=_digest) if count > _MOST_DESIGNS else found)


def _shared(cells: Sequence[Cell]) -> Iterator[tuple[tuple[str, str], set[str], bool]]:
    """Yield pairs of classes with the origins that both have pictures of, or the other way round if classes are more.

    There may be thousands of either, and millions of pairs of them.
    """
    classes, origins = _held_by(cells, 0), _held_by(cells, 1)
    of_classes = len(classes) <= len(origins)
    held = classes if of_classes else origins
    for pair in combinations(sorted(held), 2):
        if len(both := held[pair[0]] & held[pair[1]]) > 1:
            yield pair, both, of_classes


def _held_by(cells: Sequence[Cell], side: int) -> dict[str, set[str]]:
    """Return the origins of each class (side 0), or the classes of each origin (side 1)."""
    held = defaultdict(set)
    for cell in cells:
        held[cell[side]].add(cell[1 - side])
    return held


def numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Number names, such as the museum of each picture, in the order of the alphabet: int64, shape (n,)."""
    return np.unique(np.array(names, np.str_), return_inverse=True)[1].astype(np.int64)


def members_of(classes: NDArray[np.int64], origins: NDArray[np.int64]) -> dict[Cell, NDArray[np.int64]]:
    """Return the positions of the pictures of each cell, by numbers of class and origin in texts that sort as they do.

    Args:
        classes: Class of each picture, int64, shape (n,).
        origins: Its origin, likewise.
    """
    if not len(classes):
        return {}
    names, of = np.unique(np.stack([classes, origins]), axis=1, return_inverse=True)
    order = np.argsort(of.ravel(), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(of.ravel(), minlength=names.shape[1]))[:-1])
    return {(f"{one:09d}", f"{origin:09d}"): rows for (one, origin), rows in zip(names.T.tolist(), parts, strict=True)}


def balanced(
    classes: Sequence[str], origins: Sequence[str], ids: Sequence[str], *, objects: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Choose equally many pictures of each cell that takes part in a comparison.

    Of each object one picture is taken. The number of pictures of a cell, from 5 to 50, is that with which most
    pictures are taken, of equal ones the largest; in each cell those with the smallest SHA-256 of their ids.

    Args:
        classes: Class of each picture, empty if unknown.
        origins: Its origin, such as its museum, empty if unknown.
        ids: Its id.
        objects: What it shows; pictures of one object have the same value, and one without a value is alone. None: no
            two pictures show the same.

    Returns:
        Positions of the chosen pictures, int64, ascending.

    Raises:
        ArtbenchError: No comparison can be made; says why.

    Examples:
        >>> from artbench.data.cells import balanced
        >>> classes, origins = ["oil"] * 12 + ["ink"] * 12, (["north"] * 6 + ["south"] * 6) * 2
        >>> len(balanced(classes, origins, [str(number) for number in range(24)]))
        24
    """
    order = sorted(range(len(ids)), key=lambda at: sha256(ids[at].encode("utf-8", "surrogateescape")).hexdigest())
    seen: set[str] = set()
    members: dict[Cell, list[int]] = defaultdict(list)
    for at in order:
        shown = "" if objects is None else objects[at]
        if not classes[at] or not origins[at] or (shown and shown in seen):
            continue
        seen.add(shown)
        members[classes[at], origins[at]].append(at)
    _check(members, classes, origins)
    best: dict[Cell, None] = {}
    size = 0
    for number in sorted({min(len(held), MOST) for held in members.values()}, reverse=True):
        if number < FEWEST:
            break
        taking = _taking_part([cell for cell, held in members.items() if len(held) >= number])
        if number * len(taking) > size * len(best):
            size, best = number, dict.fromkeys(taking)
    if not best:
        raise ArtbenchError(
            f"no two classes have {FEWEST} pictures each in two museums: {_largest(members)}",
            mend="Take classes together, or add pictures",
        )
    return np.array(sorted(at for cell in best for at in members[cell][:size]), np.int64)


def _taking_part(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that some comparison of two classes and two origins has."""
    part: set[Cell] = set()
    for pair, both, of_classes in _shared(cells):
        part.update((one, other) if of_classes else (other, one) for one in pair for other in both)
    return [cell for cell in cells if cell in part]


def _check(members: dict[Cell, list[int]], classes: Sequence[str], origins: Sequence[str]) -> None:
    """Raise unless there are two classes and two origins, and two classes in two origins."""
    for what, given, named in (
        ("class", classes, sorted({one for one, _ in members})),
        ("museum", origins, sorted({origin for _, origin in members})),
    ):
        held = (
            f"all pictures are of one, {named[0]!r}" if len(named) == 1 else "" if any(given) else "no picture has any"
        )
        if held:
            raise ArtbenchError(
                f"a museum bias needs two classes in two museums, but of {what} {held}",
                mend="Name columns with several values each",
            )
    if not members:
        raise ArtbenchError("no picture has both a class and a museum", mend="Name columns that both have values")
    if not _taking_part(list(members)):
        raise ArtbenchError(
            "no two classes have pictures in the same two museums, so that class and museum can't be told apart",
            mend="Compare classes that several museums have",
        )


def _largest(members: dict[Cell, list[int]]) -> str:
    cell, held = max(members.items(), key=lambda one: len(one[1]))
    return f"the most are {len(held):,}, of {cell[0]!r} in {cell[1]!r}"


def _digest(design: Design) -> str:
    return sha256("\0".join((*design.classes, *design.origins)).encode("utf-8", "surrogateescape")).hexdigest()
