"""What was chosen and why, and what the checks say: for programs and for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artbench.explain.gradcam.sanity.check import CRITERION, Sanity
from artbench.explain.gradcam.sanity.erasure import SHARES
from artbench.explain.gradcam.shown import Shown
from artbench.explain.gradcam.stages import MapLayer
from artbench.records.record import Record
from artbench.runtime.files import write_text
from artbench.runtime.text import escape


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
