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
        "PICTURE_SUFFIXES": "artbench.data.authoring.listing",
        "SUFFIXES": "artbench.data.authoring.tables",
        "Table": "artbench.data.authoring.tables",
        "check_inside": "artbench.data.authoring.listing",
        "folders_in": "artbench.data.authoring.listing",
        "grouped_folds": "artbench.data.splits",
        "held_out": "artbench.data.splits",
        "listed_path": "artbench.data.authoring.listing",
        "match_files": "artbench.data.authoring.listing",
        "picture_id": "artbench.data.authoring.listing",
        "pictures_in": "artbench.data.authoring.listing",
        "rarest_labels": "artbench.data.splits",
        "read_table": "artbench.data.authoring.tables",
        "stratified_share": "artbench.data.splits",
    },
)
