"""What the pages show of the parts, read back from their folders: the same whether a part was made now or before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artbench.explain.gradcam.folder import CHECKS, SHEET
from artbench.explain.map.contents import FIGURE as MAP_FIGURE
from artbench.explain.map.contents import PAGE as MAP_PAGE
from artbench.explain.map.contents import SUMMARY as MAP_SUMMARY
from artbench.explain.map.contents import TABLE as MAP_TABLE
from artbench.report.parts import Outcome
from artbench.report.plan import FILTERS, FILTERS_TABLE


@dataclass(frozen=True, kw_only=True)
class Check:
    """What the checks make of one kind of map.

    Attributes:
        kind: `Grad-CAM`.
        passes: Whether it passes the randomisation check; None where it can't be put to it.
        verdict: That, in words.
        deletion: Area under the curve.
        insertion: Area under the curve.
    """

    kind: str
    passes: bool | None
    verdict: str
    deletion: float
    insertion: float


@dataclass(frozen=True, kw_only=True)
class ShownPicture:
    """One picture that was explained.

    Attributes:
        file: Its figure.
        reason: Why it was chosen.
        image: Its id.
        explained: The class that the maps are for.
        predicted: Class and probability.
        true: Classes and probabilities.
        correct: Whether the prediction is right.
    """

    file: str
    reason: str
    image: str
    explained: str
    predicted: str
    true: str
    correct: bool | None


@dataclass(frozen=True, kw_only=True)
class Gradcam:
    """Grad-CAM of a record; files are below the report's folder.

    Attributes:
        sheet: Figure of all pictures.
        figure: Of the checks.
        layer: Whose maps are weighed.
        how: Pictures were chosen, as a sentence.
        refused: Why there is no guided backpropagation; empty if there is.
        checks: Of each kind of map.
        random: Deletion and insertion in random order.
        criterion: When a map passes.
        pictures: What was explained.
    """

    sheet: str
    figure: str
    layer: str
    how: str
    refused: str
    checks: Sequence[Check]
    random: tuple[float, float]
    criterion: str
    pictures: Sequence[ShownPicture]


@dataclass(frozen=True, kw_only=True)
class CollectionMap:
    """The map of a record's test pictures; files are below the report's folder.

    Attributes:
        figure: The figure.
        page: The page to explore.
        table: Places as CSV.
        about: What it shows and how far to trust it: sentences.
    """

    figure: str
    page: str
    table: str
    about: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The filter pictures of a backbone; the file is below the report's folder.

    Attributes:
        of: Backbone and pretrainings.
        figure: The figure.
        pretrainings: Of the columns.
        layers: For each layer its name, and of each pretraining what was counted.
    """

    of: str
    figure: str
    pretrainings: Sequence[str]
    layers: Sequence[tuple[str, Sequence[str]]]


def gradcam_of(outcome: Outcome, out: Path) -> Gradcam:
    """Read back what Grad-CAM has written.

    Args:
        outcome: Of the part; not a failure.
        out: The report's folder.
    """
    folder = outcome.part.folder.as_posix()
    index, sanity = (_read(out / folder / name) for name in ("index.json", "sanity.json"))
    return Gradcam(
        sheet=f"{folder}/{SHEET}",
        figure=f"{folder}/{CHECKS}",
        layer=index["layer"]["name"],
        how=index["how_chosen"],
        refused=index["guided_backpropagation"]["reason"] or "",
        checks=[
            Check(
                kind=kind,
                passes=checked["passes"],
                verdict=checked["verdict"],
                deletion=checked["deletion_area"],
                insertion=checked["insertion_area"],
            )
            for kind, checked in sanity["maps"].items()
        ],
        random=(sanity["random"]["deletion_area"], sanity["random"]["insertion_area"]),
        criterion=sanity["criterion"],
        pictures=[
            ShownPicture(
                file=f"{folder}/{each['file']}",
                reason=each["reason"],
                image=each["image"],
                explained=each["explained"]["class"],
                predicted=_class(each["predicted"]),
                true=", ".join(map(_class, each["true"])) or "not known",
                correct=each["correct"],
            )
            for each in index["pictures"]
        ],
    )


def map_of(outcome: Outcome, out: Path) -> CollectionMap:
    """Read back what the map has written; as `gradcam_of`."""
    folder = outcome.part.folder.as_posix()
    return CollectionMap(
        figure=f"{folder}/{MAP_FIGURE}",
        page=f"{folder}/{MAP_PAGE}",
        table=f"{folder}/{MAP_TABLE}",
        about=_read(out / folder / MAP_SUMMARY)["caption"],
    )


def filters_of(outcome: Outcome, out: Path) -> Filters:
    """Read back what the filter pictures have written; as `gradcam_of`."""
    folder = outcome.part.folder.as_posix()
    found = _read(out / folder / FILTERS_TABLE)
    return Filters(
        of=outcome.part.of,
        figure=f"{folder}/{FILTERS}",
        pretrainings=[one["pretraining"] for one in found],
        layers=[
            (layers[0]["layer"], [layer["counted"] for layer in layers])
            for layers in zip(*(one["layers"] for one in found), strict=True)
        ],
    )


def _class(pair: dict[str, Any]) -> str:
    return f"{pair['class']} {100 * pair['probability']:.1f} %"


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
