"""Small pictures that a page holds in itself."""

import base64
import io
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.runtime.cores import usable_cores
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads

# A transparent pixel, in the place of a picture that can't be read any more.
_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
# The long side is at most this many times the short one; the rest is cut off.
_LONGEST = 2.0
_QUALITY = 55


def thumbnails(dataset: Dataset, rows: Sequence[int], *, side: int, reporter: Reporter) -> list[str]:
    """The pictures of some rows of a dataset as data URIs: whole, in sRGB, a few kilobytes each.

    Args:
        dataset: Where they are.
        rows: Of it.
        side: Length in pixels of the short side.
        reporter: Told how far it is.
    """
    found = []
    work = partial(_thumbnail, dataset, side=side)
    with (
        reporter.counting("thumbnails", total=len(rows), unit="pictures") as counter,
        closing(in_threads(work, rows, threads=usable_cores())) as made,
    ):
        for uri in made:
            found.append(uri)
            counter.advance()
    return found


def _thumbnail(dataset: Dataset, row: int, *, side: int) -> str:
    try:
        pixels = decode_whole(dataset.read(row), short_side=side, longest=_LONGEST)
    except (UnreadableImage, OSError):
        return _NOTHING
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
