"""Helpers for authors of datasets and tasks: listings, tables, splits."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.data.authoring.archive import fetch_zip
    from artbench.data.authoring.balanced import balanced_targets
    from artbench.data.authoring.listing import (
        IMAGE_SUFFIXES,
        check_inside,
        folders_in,
        image_id,
        images_in,
        listed_path,
        match_files,
    )
    from artbench.data.authoring.published import find_list, read_json
    from artbench.data.authoring.released import listed_targets, mapped, open_listed, present
    from artbench.data.authoring.tables import TABLE_SUFFIXES, Table, read_table
    from artbench.data.authoring.unseen import unseen_targets
    from artbench.data.splits import grouped_folds, held_out, rarest_labels, stratified_share

__all__ = [
    "IMAGE_SUFFIXES",
    "TABLE_SUFFIXES",
    "Table",
    "balanced_targets",
    "check_inside",
    "fetch_zip",
    "find_list",
    "folders_in",
    "grouped_folds",
    "held_out",
    "image_id",
    "images_in",
    "listed_path",
    "listed_targets",
    "mapped",
    "match_files",
    "open_listed",
    "present",
    "rarest_labels",
    "read_json",
    "read_table",
    "stratified_share",
    "unseen_targets",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.data.authoring.archive": ("fetch_zip",),
        "artbench.data.authoring.balanced": ("balanced_targets",),
        "artbench.data.authoring.listing": (
            "IMAGE_SUFFIXES",
            "check_inside",
            "folders_in",
            "listed_path",
            "match_files",
            "image_id",
            "images_in",
        ),
        "artbench.data.authoring.published": ("find_list", "read_json"),
        "artbench.data.authoring.released": ("listed_targets", "mapped", "open_listed", "present"),
        "artbench.data.authoring.tables": ("TABLE_SUFFIXES", "Table", "read_table"),
        "artbench.data.authoring.unseen": ("unseen_targets",),
        "artbench.data.splits": ("grouped_folds", "held_out", "rarest_labels", "stratified_share"),
    },
)
