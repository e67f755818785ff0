"""What was chosen and why, and what the checks say: for programs and for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from artbench.explain.figure import write_png
from artbench.explain.gradcam.figures import Shown, contact_sheet, picture_figure
from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.sanity.check import CRITERION, GRAD_CAM, GUIDED, GUIDED_GRAD_CAM, Sanity
from artbench.explain.gradcam.sanity.erasure import SHARES
from artbench.explain.gradcam.sanity.figure import sanity_figure
from artbench.explain.layers import MapLayer
from artbench.records.record import Record
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.text import escape

SHEET, CHECKS = "contact-sheet.png", "sanity.png"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a folder of figures holds.

    Attributes:
        record: Whose encoder and probe are explained.
        difference: The largest difference between a probability of the probe fitted again and the stored one.
        layer: Whose maps Grad-CAM weighs.
        refused: Why there is no guided backpropagation; None if there is.
        named: The class asked for.
        seed: Of the random pictures and of the checks.
        how: How the pictures were chosen, as a sentence.
        shown: The pictures.
        sanity: What the checks say.
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
        """For each kind of map, what the checks say, as a sentence without a full stop."""
        return {kind: f"{self.sanity.verdict(kind)}; {self.sanity.areas(kind)}" for kind in self.sanity.maps}

    @property
    def reproduced(self) -> str:
        """How well the probe fitted again gives the stored predictions, as a sentence without a full stop."""
        if self.difference == 0:
            return "The probe was fitted again and gives the stored predictions to the last bit"
        return f"The probe was fitted again and gives the stored probabilities to within {self.difference:.1e}"

    def as_json(self) -> dict[str, Any]:
        """All of it."""
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
            "pictures": [_picture(shown) for shown in self.shown],
            "sanity": sanity_as_json(self.sanity),
        }


def write_contents(contents: Contents, folder: Path) -> list[Path]:
    """Write `index.json`, `index.md` and `sanity.json`, and return where they are.

    Raises:
        OSError: The folder can't be written.
    """
    whole = contents.as_json()
    files = {
        "index.json": _text({name: part for name, part in whole.items() if name != "sanity"}),
        "sanity.json": _text({"record": contents.record.id, **whole["sanity"]}),
        "index.md": "\n".join(_page(contents)) + "\n",
    }
    for name, text in files.items():
        write_text(folder / name, text)
    return [folder / name for name in files]


def sanity_as_json(sanity: Sanity) -> dict[str, Any]:
    """What the checks say, with every number."""
    return {
        "criterion": f"a map {CRITERION}",
        "pictures": sanity.pictures,
        "depths": list(sanity.depths),
        "shares": SHARES.round(3).tolist(),
        "maps": {
            kind: {
                "passes": checked.passes,
                "verdict": sanity.verdict(kind),
                "rank_correlation": list(checked.correlations),
                "compared": list(checked.compared),
                **_curves(checked.curves.deletion, checked.curves.insertion),
                "deletion_area": checked.curves.deletion_area,
                "insertion_area": checked.curves.insertion_area,
            }
            for kind, checked in sanity.maps.items()
        },
        "random": {
            **_curves(sanity.random.deletion, sanity.random.insertion),
            "deletion_area": sanity.random.deletion_area,
            "insertion_area": sanity.random.insertion_area,
        },
    }


def _curves(deletion: Any, insertion: Any) -> dict[str, list[float]]:
    return {"deletion": deletion.tolist(), "insertion": insertion.tolist()}


def _picture(shown: Shown) -> dict[str, Any]:
    def named(pair: tuple[str, float]) -> dict[str, Any]:
        return {"class": pair[0], "probability": pair[1]}

    return {
        "file": shown.file,
        "image": shown.image,
        "reason": shown.reason,
        "explained": named(shown.explained),
        "predicted": named(shown.predicted),
        "true": [named(pair) for pair in shown.true],
        "correct": shown.correct,
    }


def _page(contents: Contents) -> Iterator[str]:
    record = contents.record
    yield f"# Grad-CAM: {escape(record.task)}, {escape(record.backbone)}, {escape(record.pretraining)}"
    yield ""
    yield f"Record {record.id}. {contents.reproduced}. Grad-CAM at `{contents.layer.name}`."
    yield ""
    yield f"{escape(contents.how)}"
    yield ""
    yield from (f"- {kind[0].upper()}{kind[1:]} {verdict}." for kind, verdict in contents.verdicts.items())
    if contents.refused:
        yield f"- No other maps: {escape(contents.refused)}."
    yield f"- A map {CRITERION}."
    yield ""
    yield "![All pictures](contact-sheet.png)"
    yield ""
    yield "![The checks](sanity.png)"
    yield ""
    yield "| figure | why | image | maps are for | predicted | true |"
    yield "|---|---|---|---|---|---|"
    for shown in contents.shown:
        true = ", ".join(_percent(pair) for pair in shown.true) or "not known"
        cells = (shown.reason, shown.image, shown.explained[0], _percent(shown.predicted), true)
        yield f"| [{shown.file}]({shown.file}) | {' | '.join(escape(cell) for cell in cells)} |"


def _percent(pair: tuple[str, float]) -> str:
    return f"{pair[0]} {100 * pair[1]:.1f} %"


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def draw(contents: Contents, maps: Maps, *, folder: Path, dpi: int, reporter: Reporter) -> None:
    """Write all figures of a run and what is in them.

    Args:
        contents: What is shown.
        maps: Of the pictures, in their order.
        folder: Made where it is not there.
        dpi: Dots an inch.
        reporter: Told how far it is.

    Raises:
        OSError: The folder can't be written.
    """
    record = contents.record
    title = f"{record.task}: {record.backbone}, {record.pretraining}"
    caption = _caption(contents)
    with reporter.counting("figures", total=len(contents.shown) + 2, unit="figures") as counter:
        for at, shown in enumerate(contents.shown):
            figure = picture_figure(shown, maps, at=at, caption=caption)
            _save(figure, folder / shown.file, contents, title=f"{title}, {shown.image}", dpi=dpi)
            counter.advance(note=shown.image)
        sheet = contact_sheet(contents.shown, maps, title=title, caption=caption)
        _save(sheet, folder / SHEET, contents, title=title, dpi=dpi)
        counter.advance(note=SHEET)
        checks = sanity_figure(contents.sanity, title=f"Checks of the maps: {title}")
        _save(checks, folder / CHECKS, contents, title=f"{title}, checks", dpi=dpi)
        counter.advance(note=CHECKS)
    write_contents(contents, folder)


def _caption(contents: Contents) -> list[str]:
    sanity = contents.sanity
    lines = [
        f"Grad-CAM at {contents.layer.name}, bilinear, each map scaled to its own maximum. Pictures as the encoder "
        f"sees them. Record {contents.record.id}. {contents.how}"
    ]
    lines.append(f"{GRAD_CAM} {sanity.verdict(GRAD_CAM)}; {sanity.areas(GRAD_CAM)}.")
    if contents.refused:
        return [*lines, f"No other maps: {contents.refused}."]
    lines.append(f"Guided backpropagation {sanity.verdict(GUIDED)}{_owed(sanity, GUIDED)}.")
    return [*lines, f"{GUIDED_GRAD_CAM} {sanity.verdict(GUIDED_GRAD_CAM)}{_owed(sanity, GUIDED_GRAD_CAM)}."]


def _owed(sanity: Sanity, kind: str) -> str:
    """What a map shows that is not owed to what the network has learnt of the class."""
    if sanity.maps[GUIDED].passes is not False:
        return ""
    if kind == GUIDED:
        return ": it is much the same whatever class is asked for, and so not the reason for one"
    return "; where it lies is Grad-CAM's, but its fine lines are those of guided backpropagation"


def _save(figure: Figure, path: Path, contents: Contents, *, title: str, dpi: int) -> None:
    facts = {
        "Title": title,
        "artbench-record": contents.record.id,
        "artbench-weights": contents.record.encoder.weights_sha256,
        "artbench-seed": str(contents.seed),
    }
    write_png(figure, path, dpi=dpi, facts=facts)
