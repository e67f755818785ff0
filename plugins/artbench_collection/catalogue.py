"""The list of a collection: paths of images, and their values in each column."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.text import near_equal
from artbench.specs import Prompts
from artbench_collection.dates import read_years

# Longer values are texts, not labels.
_LONGEST = 200
# Most signs of a value in a message.
_SHOWN = 80
# Fewer values don't look like anything.
_FEWEST = 10
# Names of columns that say where images are from.
_MUSEUMS = ("museum", "holder", "institution", "repository", "scanner")


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A collection as listed, before its images are looked for.

    Attributes:
        title: Name of the collection.
        root: The folder of the images.
        source: The table, or the folder of class folders; for messages.
        paths: Paths of the images relative to `root`, without duplicates.
        files: The file of each path, if the paths were read from disk; None if they come from a table.
        columns: Values of each column that may be labels; an empty text is no value.
        wanted: Columns of labels according to the TOML; None if it does not say.
        splits: `train`, `validation`, `test`, or empty for an image in none; None without splits.
        group_column: Name of the column of groups.
        groups: Group of each image; None without groups.
        several: Separator of values, for columns with several values in a cell.
        years: Columns that hold a year.
        same: Columns whose equal values say that images show the same thing.
        prompts: What networks that read are told of the values of a column, by the column.
        unlabelled: Why the collection has no labels, if it has none; else empty.
        understood: How what could mean something else was understood, a sentence each.
        unread: That a table lies in a folder of classes and was not read, if one does; else empty.
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
    same: Sequence[str] = ()
    prompts: Mapping[str, Prompts] = field(default_factory=dict)
    unlabelled: str = ""
    understood: Sequence[str] = ()
    unread: str = ""

    @property
    def name(self) -> str:
        """Name on record, without the path."""
        return "collection:" + (re.sub(r"[\x00-\x1f\x7f:]+", "-", self.title)[:100] or "unnamed")

    def keeps_groups(self, column: str) -> bool:
        """Whether artbench's split keeps groups together: there are groups, and they are not the labels."""
        return self.groups is not None and self.splits is None and column != self.group_column

    def labels(self) -> list[str]:
        """Return the columns that are tasks: those the TOML names, or else years and columns whose values repeat.

        Those that say which images show the same thing are tasks in any case.

        Empty if the collection has no labels.
        """
        if self.wanted is not None:
            return list(dict.fromkeys((*self.wanted, *self.years, *self.same)))
        told = (*self.years, *self.same)
        return [column for column, values in self.columns.items() if column in told or _look_like_labels(values)]

    def remarks(self) -> list[str]:
        """Return what the owner should know before anything is measured, a sentence each."""
        found = list(self.understood)
        if self.unread:
            found.append(self.unread)
        if self.unlabelled:
            found.append(f"there are no labels: {self.unlabelled}")
        found += [
            f"the columns {' and '.join(map(repr, names))} are called nearly the same: each is its own"
            for names in near_equal(self.columns)
        ]
        for column, cells in self.columns.items():
            held = [cell for cell in cells if cell]
            unread = [cell for cell in held if read_years(cell) is None]
            if column in self.years and unread:
                found.append(
                    f"{len(unread):,} of {len(held):,} dates in {column!r} can't be read as years and are left out, "
                    f"{shortened(unread[0])} for one"
                )
            elif column not in (*self.years, *self.same, *(self.wanted or ())) and _look_like_years(held):
                found.append(
                    f"the column {column!r} looks like years: years = [{column!r}] in a TOML makes a task of them"
                )
        single = [column for column in self.labels() if column not in (*self.several, *self.years, *self.same)]
        museum = next((column for column in single if column.casefold() in _MUSEUMS), None)
        other = next((column for column in single if column != museum), None)
        if museum and other:
            found.append(
                f"the column {museum!r} seems to say where images are from: the task collection:PATH:{other}@{museum} "
                "asks whether a network sees that"
            )
        return found

    def training(self) -> list[int]:
        """Return the rows to pretrain on without labels: all, or those of the split `train`."""
        if self.splits is None:
            return list(range(len(self.paths)))
        return [row for row, part in enumerate(self.splits) if part == "train"]

    def no_task(self) -> ArtbenchError:
        """Return the error that the collection has no task, why, and what to do."""
        if self.unlabelled:
            return ArtbenchError(
                f"{self.name} has no labels, and so no task: {self.unlabelled}",
                mend="A task needs a folder for each class, or a table with a column of labels; "
                "`artbench pretrain` takes the images as they are",
            )
        return ArtbenchError(
            f"{self.name} has no task: no column of {self.source} looks like labels, with values that repeat; "
            f"it has {', '.join(self.columns) or 'none beside those of paths and splits'}",
            mend="Name one, as collection:PATH:COLUMN; `artbench pretrain` takes the images without",
        )

    def check_column(self, column: str) -> None:
        """Raise unless there is such a column.

        Raises:
            ArtbenchError: There is none; names the nearest.
        """
        if self.unlabelled or not self.columns:
            raise self.no_task()
        if column not in self.columns:
            near = get_close_matches(column, self.columns, n=3, cutoff=0.6)
            hint = f"Is it {' or '.join(near)}? " if near else ""
            raise ArtbenchError(
                f"{self.name}: {self.source} has no column of labels {column!r}",
                mend=f"{hint}There are {', '.join(self.columns)}{self.unread and '; '}{self.unread}",
            )


def shortened(text: str) -> str:
    """Return a value in quotation marks, for a message."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def _look_like_years(values: Sequence[str]) -> bool:
    """Whether values are dates, and not numbers of inventory or sizes: nearly all are in the years of art."""
    if len(values) < _FEWEST or len(set(values)) < _FEWEST // 2:
        return False
    years = [read_years(value) for value in values]
    return sum(year is not None and 1000 <= year[0] <= year[1] <= 2100 for year in years) >= 0.9 * len(values)


def _look_like_labels(values: Sequence[str]) -> bool:
    """Whether values repeat like labels, unlike titles and numbers: on average two or more images per value."""
    counts = Counter(value for value in values if value)
    repeated = sum(count > 1 for count in counts.values())
    return repeated > 1 and 2 * len(counts) <= counts.total() and max(map(len, counts)) <= _LONGEST
