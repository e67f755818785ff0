"""The folder of a run: its figures, and what was chosen and what the checks found, for programs and for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from artbench.explain.figure import write_png
from artbench.explain.gradcam.figures import Shown, contact_sheet, image_figure
from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.sanity.check import CRITERION, GRAD_CAM, GUIDED, GUIDED_GRAD_CAM, Sanity
from artbench.explain.gradcam.sanity.erasure import SHARES, Curves
from artbench.explain.gradcam.sanity.figure import sanity_figure
from artbench.explain.layers import MapLayer
from artbench.records.record import Record
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.text import escape

SHEET, CHECKS = "contact-sheet.png", "sanity.png"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Contents of a folder of figures.

    Attributes:
        record: The record whose encoder and probe are explained.
        difference: The largest difference between a probability of the probe fitted again and the stored one.
        layer: The layer whose maps Grad-CAM weighs.
        refused: Why there is no guided backpropagation; None if there is.
        named: The class asked for.
        seed: Seed of the random images and of the checks.
        how: How the images were chosen, as a sentence.
        shown: The images.
        sanity: Results of the checks.
    """

    record: Record
    difference: float
    layer: MapLayer
    refused: str | None
    named: str | None
    seed: int
    how: str
    shown: Sequence[Shown]
    sanity: Sanity

    @property
    def verdicts(self) -> dict[str, str]:
        """Results of the checks for each kind of map, as a sentence without a full stop."""
        return {kind: f"{self.sanity.verdict(kind)}; {self.sanity.areas(kind)}" for kind in self.sanity.maps}

    def as_json(self) -> dict[str, Any]:
        """All of it for `json.dumps`."""
        return {
            "record": self.record.id,
            "task": self.record.task,
            "backbone": self.record.backbone,
            "pretraining": self.record.pretraining,
            "reproduced": {"largest_difference": self.difference, "exactly": self.difference == 0},
            "layer": {"name": self.layer.name, "kind": self.layer.kind, "grid": list(self.layer.size)},
            "guided_backpropagation": {"offered": self.refused is None, "reason": self.refused},
            "class": self.named,
            "seed": self.seed,
            "how_chosen": self.how,
            "pictures": [_described(shown) for shown in self.shown],
            "sanity": _sanity(self.sanity),
        }


def draw(contents: Contents, maps: Maps, *, folder: Path, dpi: int, reporter: Reporter) -> None:
    """Write all figures of a run, `index.json`, `index.md` and `sanity.json`.

    Args:
        contents: What is shown.
        maps: Maps of the images, in their order.
        folder: Where to write; made if it is missing.
        dpi: Dots per inch.
        reporter: Receives progress and notices.

    Raises:
        OSError: The folder can't be written.
    """
    record = contents.record
    title = f"{record.task}: {record.backbone}, {record.pretraining}"
    caption = _caption(contents)

    def save(figure: Figure, name: str, facts_title: str) -> None:
        facts = {
            "Title": facts_title,
            "artbench-record": record.id,
            "artbench-weights": record.encoder.weights_sha256,
            "artbench-seed": str(contents.seed),
        }
        write_png(figure, folder / name, dpi=dpi, facts=facts)

    with reporter.counting("figures", total=len(contents.shown) + 2, unit="figures") as counter:
        for at, shown in enumerate(contents.shown):
            save(image_figure(shown, maps, at=at, caption=caption), shown.file, f"{title}, {shown.image}")
            counter.advance(note=shown.image)
        save(contact_sheet(contents.shown, maps, title=title, caption=caption), SHEET, title)
        counter.advance(note=SHEET)
        save(sanity_figure(contents.sanity, title=f"Checks of the maps: {title}"), CHECKS, f"{title}, checks")
        counter.advance(note=CHECKS)
    index = contents.as_json()
    sanity = {"record": record.id, **index.pop("sanity")}
    for name, content in (("index.json", index), ("sanity.json", sanity)):
        write_text(folder / name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "index.md", _page(contents))


def _sanity(sanity: Sanity) -> dict[str, Any]:
    """Results of the checks, with every number."""
    return {
        "criterion": f"a map {CRITERION}",
        "pictures": sanity.images,
        "depths": list(sanity.depths),
        "shares": SHARES.round(3).tolist(),
        "maps": {
            kind: {
                "passes": checked.passes,
                "verdict": sanity.verdict(kind),
                "rank_correlation": list(checked.correlations),
                "interval95": list(map(list, checked.intervals)),
                "compared": list(checked.compared),
                **_curves(checked.curves),
            }
            for kind, checked in sanity.maps.items()
        },
        "random": _curves(sanity.random),
    }


def _curves(curves: Curves) -> Mapping[str, Any]:
    return {
        "deletion": curves.deletion.tolist(),
        "insertion": curves.insertion.tolist(),
        "deletion_area": curves.deletion_area,
        "insertion_area": curves.insertion_area,
    }


def _described(shown: Shown) -> dict[str, Any]:
    explained, predicted, *true = (
        {"class": name, "probability": chance} for name, chance in (shown.explained, shown.predicted, *shown.true)
    )
    return {
        "file": shown.file,
        "image": shown.image,
        "reason": shown.reason,
        "explained": explained,
        "predicted": predicted,
        "true": true,
        "correct": shown.correct,
    }


def _page(contents: Contents) -> str:
    record, again = contents.record, "The probe was fitted again and gives the stored"
    reproduced = f"{again} probabilities to within {contents.difference:.1e}"
    if contents.difference == 0:
        reproduced = f"{again} predictions to the last bit"
    checks = [f"- {kind[0].upper()}{kind[1:]} {verdict}." for kind, verdict in contents.verdicts.items()]
    if contents.refused:
        checks.append(f"- No other maps: {escape(contents.refused)}.")
    head = ("figure", "why", "image", "maps are for", "predicted, probability", "true, probability by the model")
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for shown in contents.shown:
        predicted, *true = (f"{name} {100 * chance:.1f} %" for name, chance in (shown.predicted, *shown.true))
        cells = (shown.reason, shown.image, shown.explained[0], predicted, ", ".join(true) or "not known")
        rows.append(f"| [{shown.file}]({shown.file}) | {' | '.join(escape(cell) for cell in cells)} |")
    paragraphs = (
        f"# Grad-CAM: {escape(record.task)}, {escape(record.backbone)}, {escape(record.pretraining)}",
        f"Record {record.id}. {reproduced}. Grad-CAM at `{contents.layer.name}`.",
        escape(contents.how),
        "\n".join([*checks, f"- A map {CRITERION}."]),
        f"![All images]({SHEET})",
        f"![The checks]({CHECKS})",
        "\n".join(rows),
    )
    return "\n\n".join(paragraphs) + "\n"


def _caption(contents: Contents) -> list[str]:
    sanity = contents.sanity
    lines = [
        f"Grad-CAM at {contents.layer.name}, bilinear, each map scaled to its own maximum. Images as the encoder "
        f"sees them. Record {contents.record.id}. {contents.how}",
        f"{GRAD_CAM} {contents.verdicts[GRAD_CAM]}.",
    ]
    if contents.refused:
        return [*lines, f"No other maps: {contents.refused}."]
    guided = product = ""
    if sanity.maps[GUIDED].passes is False:
        guided = ": it is much the same for any class, so it does not explain one"
        product = "; its regions are those of Grad-CAM, but its fine lines are those of guided backpropagation"
    lines.append(f"Guided backpropagation {sanity.verdict(GUIDED)}{guided}.")
    return [*lines, f"{GUIDED_GRAD_CAM} {sanity.verdict(GUIDED_GRAD_CAM)}{product}."]
