"""Codes of Iconclass at a depth as labels, and a split by the volumes that the images come from."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import grouped_folds, listed_targets

# Digits, letters, digits, a name in brackets, digits, a key.
_CODE = re.compile(r"(\d{1,2})([A-IK-Z]{1,2})?(\d+)?(\([^+)]+\))?(\d+)?(\(\+[0-9]+\))?", re.ASCII)
# A page behind the name of its volume, with what may follow: a side of a leaf, a picture on it.
_PAGE = re.compile(r"(.*[^-_ ])[-_ ]+(?:pic|page|fol|p|f)?\d+[a-z]?(?:[-_ ].*)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?=\D*$)", re.ASCII)
# What some lists have before and behind a code.
_BESIDE = ":,; "
_NONE: frozenset[str] = frozenset()
# More images than any volume has pages: such a prefix names a library, and says nothing of volumes.
_LARGEST_VOLUME = 1_000
FOLDS = 5


def depth_1_targets(dataset: Dataset) -> Targets:
    """Return the divisions, 0 to 9."""
    return _targets(dataset, 1)


def depth_2_targets(dataset: Dataset) -> Targets:
    """Return the subdivisions, two digits."""
    return _targets(dataset, 2)


def depth_3_targets(dataset: Dataset) -> Targets:
    """Return two digits and a letter; a doubled letter, which marks women and reversals, counts as one."""
    return _targets(dataset, 3)


def ancestors(code: str, depth: int) -> frozenset[str]:
    """Return the ancestor of a code at a depth; nothing if it is no code, or not so deep.

    Two codes with a colon between them, as Iconclass joins what belongs together, have one each.

    Examples:
        >>> from artbench_iconclass.tasks import ancestors
        >>> [sorted(ancestors("11HH(MARY MAGDALENE)(+5)", depth)) for depth in (1, 2, 3)]
        [['1'], ['11'], ['11H']]
        >>> sorted(ancestors("71H71:25F", 2)), sorted(ancestors("3", 2)), sorted(ancestors("?", 1))
        (['25', '71'], [], [])
    """
    spelled = _flat(code.upper().replace("+ ", "+").strip(_BESIDE))
    found = _CODE.fullmatch(spelled)
    if found is None:
        return _labels(spelled.split(":"), depth) if ":" in spelled else _NONE
    digits, letters = found[1], found[2] or ""
    whole = digits + letters[:1] if len(digits) == 2 else digits
    return frozenset({whole[:depth]}) if len(whole) >= depth else _NONE


def volume_of(file: str) -> str:
    """Return the part of a name that stands for the volume that an image is a page of; empty if there is none.

    Examples:
        >>> from artbench_iconclass.tasks import volume_of
        >>> volume_of("bsb00027852_559.jpg"), volume_of("120d13_002r_min_a1.jpg"), volume_of("IIHIM_-859728949.jpg")
        ('bsb00027852', '120d13', 'IIHIM')
    """
    name = file.rpartition(".")[0]
    page = _PAGE.fullmatch(name)
    return _NUMBER.sub("", name) if page is None else page[1]


def _flat(code: str) -> str:
    """Return a code with commas in the place of brackets within brackets, as in `11H(JOHN (THE BAPTIST))`."""
    spelled, depth = [], 0
    for letter in code:
        depth += letter == "("
        inner = depth > 1
        depth -= letter == ")" and depth > 0
        spelled.append({"(": ",", ")": ""}.get(letter, letter) if inner else letter)
    return "".join(spelled)


def _targets(dataset: Dataset, depth: int) -> Targets:
    """Return the labels at a depth; an image of which no code can be read is in no split, nor is its volume asked."""
    codes = cast("Sequence[Sequence[str]]", dataset.tables["codes"])
    listed = cast("Sequence[str]", dataset.tables["listed"])
    held = [_labels(of, depth) for of in codes]
    read = [bool(_labels(of, 1)) for of in codes]
    classes = sorted(set().union(*held))
    number = {name: label for label, name in enumerate(classes)}
    labels = np.zeros((len(held), len(classes)), bool)
    for row, names in enumerate(held):
        labels[row, [number[name] for name in names]] = True
    tests = _tests(listed, codes)
    return listed_targets(
        dataset,
        classes=classes,
        labels=labels,
        splits=["" if not one else "test" if test else "train" for one, test in zip(read, tests, strict=True)],
    )


def _labels(codes: Sequence[str], depth: int) -> frozenset[str]:
    return _NONE.union(*(ancestors(code, depth) for code in codes))


def _tests(listed: Sequence[str], codes: Sequence[Sequence[str]]) -> list[bool]:
    """Put a fifth of the volumes into the test, by their divisions, so that all depths have one split."""
    volumes = [volume_of(name) for name in listed]
    sizes = Counter(volumes)
    groups = [
        volume if volume and sizes[volume] <= _LARGEST_VOLUME else f"\0{name}"
        for volume, name in zip(volumes, listed, strict=True)
    ]
    divisions = np.zeros((len(codes), 10), bool)
    for row, of in enumerate(codes):
        divisions[row, [int(label) for label in _labels(of, 1)]] = True
    found: list[bool] = (grouped_folds(divisions, groups, folds=FOLDS) == 0).tolist()
    return found
