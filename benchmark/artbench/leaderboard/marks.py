"""What a reader should know of a record before comparing it: marks beside a row, and their footnotes."""

from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A reason to read a row with care.

    Attributes:
        sign: Beside the row.
        text: The footnote, without a full stop.
    """

    sign: str
    text: str


def marks(record: Record) -> list[Mark]:
    """The marks of a record, most serious first. A row that could not be tested has its rank in brackets instead."""
    found = [_leak(record), _unknown_pool(record), _twins(record), _partial(record), _unconverged(record)]
    return [mark for mark in found if mark is not None]


def footnotes(board: Board) -> list[tuple[Mark, list[Record]]]:
    """Each mark on a leaderboard with the records that bear it, in the order of the rows."""
    found: dict[Mark, list[Record]] = {}
    for row in board.rows:
        for mark in marks(row.record):
            found.setdefault(mark, []).append(row.record)
    return sorted(found.items(), key=lambda item: (_ORDER.index(item[0].sign), item[0].text))


_ORDER = "†‡§¶‖"


def _leak(record: Record) -> Mark | None:
    pool = record.encoder.pool
    if pool is None or not pool.test_images:
        return None
    seen = f"{pool.test_images:,} of the {record.dataset.test:,} test images"
    return Mark(sign="†", text=f"pretrained on {seen}: the value is no measure of how it does on pictures it never saw")


def _unknown_pool(record: Record) -> Mark | None:
    pool = record.encoder.pool
    if record.encoder.training is None and pool is None:
        return None
    if pool is not None and pool.test_images is not None:
        return None
    return Mark(
        sign="‡",
        text="the list of the pictures that it was pretrained on was not on hand, so test images may be among them",
    )


def _twins(record: Record) -> Mark | None:
    twins = record.dataset.twins
    if twins is None or not twins.test:
        return None
    return Mark(
        sign="§",
        text=f"{twins.test:,} test images have a twin among the training images, as `artbench data audit` found",
    )


def _partial(record: Record) -> Mark | None:
    if not record.dataset.partial:
        return None
    return Mark(
        sign="¶", text=f"measured on a partial copy of the data: {record.dataset.missing:,} images were missing"
    )


def _unconverged(record: Record) -> Mark | None:
    probes = [round_.probe for round_ in record.rounds] or [record.probe]
    open_ = sum(not probe.converged for probe in probes)
    if not open_:
        return None
    which = "its probe" if len(probes) == 1 else f"{open_} of its {len(probes)} probes"
    return Mark(sign="‖", text=f"{which} did not meet the convergence test of the protocol")
