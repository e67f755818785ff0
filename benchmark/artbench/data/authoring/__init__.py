"""Helpers for authors of datasets and tasks: listings, tables, splits."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.data.authoring.listing import (
        PICTURE_SUFFIXES,
        check_inside,
        folders_in,
        listed_path,
        match_files,
        picture_id,
        pictures_in,
    )
    from artbench.data.authoring.tables import SUFFIXES, Table, read_table
    from artbench.data.splits import grouped_folds, held_out, rarest_labels, stratified_share

__all__ = [
    "PICTURE_SUFFIXES",
    "SUFFIXES",
    "Table",
    "check_inside",
    "folders_in",
    "grouped_folds",
    "held_out",
    "listed_path",
    "match_files",
    "picture_id",
    "pictures_in",
    "rarest_labels",
    "read_table",
    "stratified_share",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.data.authoring.listing": (
            "PICTURE_SUFFIXES",
            "check_inside",
            "folders_in",
            "listed_path",
            "match_files",
            "picture_id",
            "pictures_in",
        ),
        "artbench.data.authoring.tables": ("SUFFIXES", "Table", "read_table"),
        "artbench.data.splits": ("grouped_folds", "held_out", "rarest_labels", "stratified_share"),
    },
)
