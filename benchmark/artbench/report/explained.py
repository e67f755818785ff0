"""Reads back what the pages show of the parts, so that it is the same whether a part was made now or before.

The templates read these dictionaries by key. Files are named relative to the report's folder.
"""

import json
from pathlib import Path
from typing import Any

from artbench.explain.gradcam.folder import CHECKS, SHEET
from artbench.explain.map.contents import FIGURE, PAGE, SUMMARY, TABLE
from artbench.report.label_noise import CARDS, LIST
from artbench.report.parts import Outcome
from artbench.report.plan import FILTERS, FILTERS_TABLE


def gradcam_of(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Read what Grad-CAM wrote for a part that did not fail; `out` is the report's folder."""
    folder = outcome.part.folder.as_posix()
    index, sanity = (_read(out / folder / name) for name in ("index.json", "sanity.json"))
    return {
        "sheet": f"{folder}/{SHEET}",
        "figure": f"{folder}/{CHECKS}",
        "layer": index["layer"]["name"],
        "how": index["how_chosen"],
        "refused": index["guided_backpropagation"]["reason"] or "",
        "checks": [
            {
                "kind": kind,
                "passes": checked["passes"],
                "verdict": checked["verdict"],
                "deletion": checked["deletion_area"],
                "insertion": checked["insertion_area"],
            }
            for kind, checked in sanity["maps"].items()
        ],
        "random": (sanity["random"]["deletion_area"], sanity["random"]["insertion_area"]),
        "criterion": sanity["criterion"],
        "images": [
            {
                "file": f"{folder}/{each['file']}",
                "reason": each["reason"],
                "image": each["image"],
                "explained": each["explained"]["class"],
                "predicted": _class(each["predicted"]),
                "true": ", ".join(map(_class, each["true"])) or "not known",
                "correct": each["correct"],
            }
            for each in index["pictures"]
        ],
    }


def map_of(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Read what the map wrote; arguments as for `gradcam_of`."""
    folder = outcome.part.folder.as_posix()
    return {
        "figure": f"{folder}/{FIGURE}",
        "page": f"{folder}/{PAGE}",
        "table": f"{folder}/{TABLE}",
        "about": _read(out / folder / SUMMARY)["caption"],
    }


def filters_of(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Read what the filter pictures wrote; arguments as for `gradcam_of`."""
    folder = outcome.part.folder.as_posix()
    found = _read(out / folder / FILTERS_TABLE)
    return {
        "of": outcome.part.of,
        "figure": f"{folder}/{FILTERS}",
        "pretrainings": [one["pretraining"] for one in found],
        "layers": [
            (layers[0]["layer"], [layer["counted"] for layer in layers])
            for layers in zip(*(one["layers"] for one in found), strict=True)
        ],
    }


def labels_of(outcome: Outcome, out: Path) -> dict[str, Any]:
    """Read the images that look mislabelled; arguments as for `gradcam_of`."""
    folder = outcome.part.folder.as_posix()
    return {**_read(out / folder / CARDS), "folder": folder, "list": f"{folder}/{LIST}"}


def _class(pair: dict[str, Any]) -> str:
    return f"{pair['class']} {100 * pair['probability']:.1f} %"


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
