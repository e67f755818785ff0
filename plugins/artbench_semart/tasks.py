"""The tasks of SemArt, with the classes of its authors' classification; the last one is for every other value."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import listed_targets, unseen_targets
from artbench_semart.dataset import Paintings

UNKNOWN = "unknown"
TYPES = (
    "religious",
    "portrait",
    "landscape",
    "mythological",
    "genre",
    "still-life",
    "historical",
    "other",
    "interior",
    "study",
    UNKNOWN,
)
SCHOOLS = (
    "Italian",
    "Dutch",
    "French",
    "Flemish",
    "German",
    "Spanish",
    "English",
    "Netherlandish",
    "Austrian",
    "Hungarian",
    "American",
    "Danish",
    "Swiss",
    "Russian",
    "Scottish",
    "Belgian",
    "Greek",
    "Catalan",
    "Bohemian",
    "Swedish",
    "Other",
    "Irish",
    "Norwegian",
    "Polish",
    UNKNOWN,
)
TIMEFRAMES = (
    "1601-1650",
    "1501-1550",
    "1651-1700",
    "1451-1500",
    "1851-1900",
    "1551-1600",
    "1701-1750",
    "1751-1800",
    "1801-1850",
    "1401-1450",
    "1301-1350",
    "1351-1400",
    "1251-1300",
    "1201-1250",
    "1051-1100",
    "1151-1200",
    "1101-1150",
    UNKNOWN,
)


def author_targets(dataset: Dataset) -> Targets:
    """Return the painters that the authors classify; none is a group, as they are what is asked."""
    painters = (*_painters(), UNKNOWN)
    return replace(_targets(dataset, "AUTHOR", painters), groups=None)


def type_targets(dataset: Dataset) -> Targets:
    """Return the types."""
    return _targets(dataset, "TYPE", TYPES)


def school_targets(dataset: Dataset) -> Targets:
    """Return the schools."""
    return _targets(dataset, "SCHOOL", SCHOOLS)


def timeframe_targets(dataset: Dataset) -> Targets:
    """Return the half centuries."""
    return _targets(dataset, "TIMEFRAME", TIMEFRAMES)


def unseen_type_targets(dataset: Dataset) -> Targets:
    """Return the types, in rounds of unseen painters."""
    return _targets(dataset, "TYPE", TYPES, unseen=True)


def unseen_school_targets(dataset: Dataset) -> Targets:
    """Return the schools, in rounds of unseen painters."""
    return _targets(dataset, "SCHOOL", SCHOOLS, unseen=True)


def unseen_timeframe_targets(dataset: Dataset) -> Targets:
    """Return the half centuries, in rounds of unseen painters."""
    return _targets(dataset, "TIMEFRAME", TIMEFRAMES, unseen=True)


def _painters() -> list[str]:
    # As the tables spell them, some with a question mark in the place of a letter.
    return Path(__file__).with_name("authors.txt").read_text(encoding="utf-8").splitlines()


def _targets(dataset: Dataset, column: str, classes: Sequence[str], *, unseen: bool = False) -> Targets:
    paintings = cast("Paintings", dataset.tables["paintings"])
    number = {name: label for label, name in enumerate(classes)}
    make = unseen_targets if unseen else listed_targets
    return make(
        dataset,
        classes=classes,
        labels=np.array([number.get(value, len(classes) - 1) for value in paintings.columns[column]], np.int64),
        splits=paintings.splits,
        groups=paintings.columns["AUTHOR"],
    )
