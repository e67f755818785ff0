"""What records took is shown where it was measured, and ranks nothing."""

from typing import Any

from artbench.leaderboard.board import boards
from artbench.leaderboard.columns import cost_cells, cost_headings, headings
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.markdown import task_page
from artbench.records.record import Record
from tests.support.records import record

USED = {"device_s": 30.0, "memory_bytes": 1_500_000_000, "memory_by": "VmHWM", "energy_j": 150.0, "energy_by": "rapl"}


def with_cost(value: float = 0.5, **changes: Any) -> Record:
    # A thousand images in ten seconds.
    timing = {"extract_s": 10.0, "images_per_s": 100.0, "extraction": USED | changes}
    return record(value, backbone="measured", timing=timing)


def test_cost_is_for_each_image() -> None:
    (board,) = boards([with_cost(), record()])
    assert cost_headings(board) == ["images/s", "device s for 1,000", "peak memory", "J/image"]
    measured, older = (cost_cells(row.record, board) for row in sorted(board.rows, key=lambda row: row.record.backbone))
    assert [cell.text for cell in measured] == ["100", "30", "1.5 GB", "0.15"]
    assert [cell.text for cell in older] == ["93.3", "", "", ""]
    assert [cell.key for cell in older][1:] == [None] * 3


def test_columns_that_no_record_has_are_left_out() -> None:
    (board,) = boards([record()])
    assert cost_headings(board) == ["images/s"]
    (board,) = boards([with_cost(energy_j=None, energy_by=None)])
    assert "J/image" not in cost_headings(board)
    assert not set(cost_headings(board)) & set(headings(board))


def test_the_export_has_the_numbers_of_each_step() -> None:
    rows = flat_rows(boards([with_cost(), record()]))
    by_backbone = {row["backbone"]: row for row in rows}
    assert by_backbone["measured"]["extraction_energy_j"] == 150
    assert by_backbone["measured"]["extraction_memory_bytes"] == 1_500_000_000
    assert by_backbone["resnet18"]["extraction_device_s"] is None
    assert "probe_device_s" not in rows[0]
    assert "extraction_device_s" not in flat_rows(boards([record()]))[0]


def test_printed_pages_do_not_change_with_it() -> None:
    plain = record(0.5, backbone="measured", timing={"extract_s": 10.0, "images_per_s": 100.0})
    pages = [task_page(boards([one, record(0.7)])) for one in (with_cost(), plain)]
    assert pages[0] == pages[1]
