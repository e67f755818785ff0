"""What a collection lists: the paths of its pictures, and a value in each column for each of them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from artbench.errors import ArtbenchError

# A value longer than this is a text, not a label.
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A collection, before anybody has looked for the pictures.

    Attributes:
        title: What it is called.
        root: The folder of the pictures.
        source: The table, or the folder of class folders; for messages.
        paths: Of the pictures, relative to `root`; each once.
        files: The file of each path, where the paths were read from the disk; None where they are listed.
        columns: The values in each column that may be labels; empty text for none.
        wanted: The columns that the TOML says are labels; None where it doesn't.
        splits: `train`, `validation`, `test`, or empty for a picture that is in none; None where there are no splits.
        group_column: Name of the column of groups.
        groups: Of each picture; None where there are none.
        several: The sign between values, for columns that hold several in a cell.
        years: Columns that hold a year.
        unlabelled: Why nothing is a label, where the catalogue was read from folders or a TOML says so; else empty.
    """

    title: str
    root: Path
    source: Path
    paths: Sequence[str]
    columns: Mapping[str, Sequence[str]]
    files: Mapping[str, str] | None = None
    wanted: Sequence[str] | None = None
    splits: Sequence[str] | None = None
    group_column: str | None = None
    groups: Sequence[str] | None = None
    several: Mapping[str, str]
    years: Sequence[str] = ()
    unlabelled: str = ""

    @property
    def name(self) -> str:
        """On record; without the path."""
        return "collection:" + (re.sub(r"[\x00-\x1f\x7f:]+", "-", self.title)[:100] or "unnamed")

    def keeps_groups(self, column: str) -> bool:
        """Whether a split of artbench's keeps groups together: there are some, and they are not what is asked."""
        return self.groups is not None and self.splits is None and column != self.group_column

    def labels(self) -> list[str]:
        """The columns that are tasks: those the TOML names, or else years and those whose values repeat, as labels do.

        None where the collection has no labels.
        """
        if self.wanted is not None:
            return list(self.wanted)
        return [column for column, values in self.columns.items() if column in self.years or _look_like_labels(values)]

    def training(self) -> list[int]:
        """The rows to pretrain on where there are no labels: all, or those of the split `train`."""
        if self.splits is None:
            return list(range(len(self.paths)))
        return [row for row, part in enumerate(self.splits) if part == "train"]

    def no_task(self) -> ArtbenchError:
        """That there is no task, why, and what can be done all the same."""
        if self.unlabelled:
            return ArtbenchError(
                f"{self.name} has no labels, and so no task: {self.unlabelled}",
                mend="A task needs a folder for each class, or a table with a column of labels; "
                "`artbench pretrain` takes the pictures as they are",
            )
        return ArtbenchError(
            f"{self.name} has no task: no column of {self.source} looks like labels, with values that repeat; "
            f"it has {', '.join(self.columns) or 'none beside those of paths and splits'}",
            mend="Name one, as collection:PATH:COLUMN; `artbench pretrain` takes the pictures without",
        )

    def check_column(self, column: str) -> None:
        """Refuse a column that there is not.

        Raises:
            ArtbenchError: The nearest names are given.
        """
        if self.unlabelled or not self.columns:
            raise self.no_task()
        if column not in self.columns:
            near = get_close_matches(column, self.columns, n=3, cutoff=0.6)
            hint = f"Is it {' or '.join(near)}? " if near else ""
            raise ArtbenchError(
                f"{self.name}: {self.source} has no column of labels {column!r}",
                mend=f"{hint}There are {', '.join(self.columns)}",
            )


def _look_like_labels(values: Sequence[str]) -> bool:
    """Whether values repeat as those of labels do, unlike titles and numbers: two pictures or more a value."""
    counts = Counter(value for value in values if value)
    repeated = sum(count > 1 for count in counts.values())
    return repeated > 1 and 2 * len(counts) <= counts.total() and max(map(len, counts)) <= _LONGEST
