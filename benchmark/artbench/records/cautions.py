"""Sentences about choices of a record that a reader should know of: the penalty, and the classes of few-shot draws."""

from artbench.records.parts import ProbeState
from artbench.records.record import Record


def edge_of_grid(record: Record) -> str:
    """Say that a penalty chosen is the largest or smallest of the grid, without a full stop; empty if none is."""
    at = [probe for probe in record.probes if _at_edge(probe)]
    if not at:
        return ""
    if len(record.probes) > 1:
        return f"the penalties of {len(at)} of its {len(record.probes)} probes are at an edge of the grid"
    which = "largest" if at[0].l2 == max(at[0].grid) else "smallest"
    return f"its penalty, {at[0].l2:g}, is the {which} of the grid, so that the best one may lie beyond"


def few_classes(record: Record) -> str:
    """Say how many classes the draws of a few images lack or hold few of, without a full stop; empty if they don't."""
    few, classes = record.few_shot, record.dataset.classes
    if few is None or not few.scarce:
        return ""
    absent = few.absent or 0
    said = [f"{absent:,} of {classes:,} classes have no image to draw"] if absent else []
    if scarce := few.scarce - absent:
        said.append(f"{scarce:,} of {classes:,} classes have fewer than {few.shots:,} images and give all they have")
    return "; ".join(said)


def _at_edge(probe: ProbeState) -> bool:
    # Without losses it was not chosen.
    chosen = any(loss is not None for loss in probe.grid_losses)
    return chosen and probe.l2 in (min(probe.grid), max(probe.grid))
