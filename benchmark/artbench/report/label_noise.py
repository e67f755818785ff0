"""The images of one task that look mislabelled, as files that a page shows side by side."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from artbench.audit.label_noise import audit_labels
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.explain.reproduce import open_task
from artbench.explain.sources import Sources
from artbench.leaderboard.board import Board
from artbench.plugins.registry import Registry
from artbench.records.publishing import image_digests
from artbench.records.record import encoder_name
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter

CARDS, LIST = "labels.json", "labels.csv"
# Records that are asked, images shown, and the short side of a thumbnail in pixels.
_RECORDS, _SHOWN, _SIDE = 3, 24, 176


def asked(board: Board) -> list[int]:
    """Return the positions of the best three rows of a leaderboard that are of different networks."""
    first: dict[str, int] = {}
    for number, row in enumerate(board.rows):
        first.setdefault(row.record.encoder.weights_sha256, number)
    return sorted(first.values())[:_RECORDS]


def write_label_cards(
    files: Sequence[Path], folder: Path, *, sources: Sources, registry: Registry, reporter: Reporter
) -> None:
    """Write a list for a curator, thumbnails of its first images, and what the page says of them.

    Beside each image stand one of its class and one of the suggested class that all records recognise.

    Args:
        files: Files of the records.
        folder: The folder to write into.
        sources: Where the dataset is.
        registry: The registered datasets and tasks.
        reporter: Receives notices.

    Raises:
        ArtbenchError: The records can't be compared, or the dataset is missing or in another state.
    """
    found = audit_labels(files)
    dataset = open_task(found.records[0], sources, registry, reporter).dataset
    # A published record holds digests of ids.
    ids = dict(zip(image_digests(dataset.ids), dataset.ids, strict=True))

    def named(image: str) -> str:
        return ids[image_digests([image])[0]]

    found = replace(found, suspicions=[replace(one, image=named(one.image)) for one in found.suspicions])

    def thumbnail(image: str, name: str) -> str | None:
        try:
            pixels = decode_whole(dataset.read(dataset.rows[image]), short_side=_SIDE, longest=2.5)
        except (OSError, UnreadableImage):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name, "JPEG", quality=80)
        return name

    shown = found.suspicions[:_SHOWN]
    examples = {
        number: (named(found.typical[number]), thumbnail(named(found.typical[number]), f"class-{number}.jpg"))
        for number in sorted({number for one in shown for number in (one.label, one.suggested)})
        if number in found.typical
    }
    cards = [
        {
            "image": one.image,
            "file": thumbnail(one.image, f"{number:02}.jpg"),
            "beside": [
                (found.classes[which], *examples.get(which, (None, None))) for which in (one.label, one.suggested)
            ],
            "said": found.said(one),
            "agreement": one.agreement,
            "confidence": one.confidence,
        }
        for number, one in enumerate(shown, start=1)
    ]
    found.write_list(folder / LIST)
    content = {
        "records": [encoder_name(record) for record in found.records],
        "tested": found.tested,
        "count": len(found.suspicions),
        "cards": cards,
    }
    write_text(folder / CARDS, json.dumps(content, indent=1) + "\n")
