"""Whether a map is laid out by UMAP or by principal components."""

import importlib.util
from typing import Literal, TypeAlias

from artbench.errors import UsageError

Method: TypeAlias = Literal["umap", "pca"]
METHODS: tuple[Method, ...] = ("umap", "pca")

# That each picture gets in UMAP.
NEIGHBOURS = 15
# Below, neighbourhoods of that many are most of the collection.
FEWEST = 2 * NEIGHBOURS


def choose_method(asked: Method | None, pictures: int) -> tuple[Method, str]:
    """How to lay out, and why not by UMAP, where nobody asked for something else.

    Raises:
        UsageError: UMAP was asked for and is not installed.
    """
    check_method(asked)
    if asked is not None:
        return asked, ""
    if not _is_installed():
        return "pca", (
            "umap-learn is not installed, so that the map shows the first two principal components; "
            'pip install "artbench[map]" for UMAP'
        )
    if pictures < FEWEST:
        return "pca", f"{pictures} pictures are too few for UMAP: the map shows the first two principal components"
    return "umap", ""


def check_method(asked: str | None) -> None:
    """See that what was asked for is installed.

    Raises:
        UsageError: It is not.
    """
    if asked == "umap" and not _is_installed():
        raise UsageError("umap-learn is not installed", mend='pip install "artbench[map]", or say --layout pca')


def _is_installed() -> bool:
    return importlib.util.find_spec("umap") is not None
