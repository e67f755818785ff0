"""A folder of figures: one a picture, the sheet of them all, the checks, and the index."""

from pathlib import Path

from matplotlib.figure import Figure

from artbench.explain.figure import write_png
from artbench.explain.gradcam.figures import contact_sheet, picture_figure
from artbench.explain.gradcam.folder import Contents, write_contents
from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.sanity.check import GRAD_CAM, GUIDED, GUIDED_GRAD_CAM, Sanity
from artbench.explain.gradcam.sanity.figure import sanity_figure
from artbench.runtime.progress import Reporter

SHEET, CHECKS = "contact-sheet.png", "sanity.png"


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
