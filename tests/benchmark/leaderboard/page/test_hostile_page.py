"""Pages of records that nobody measured: a tab is not held up, and one bad table does not take the page with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.leaderboard.board import boards
from artbench.leaderboard.page.render import html_page
from artbench.records.folder import ResultsFolder, write_record
from artbench.records.record import FileState
from artbench.runtime.files import sha256_of
from tests.support.records import record
from tests.support.results import guessed, put

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("speed", ["1.5e308", "5e-324", "1e15"])
def test_no_number_holds_a_tab_up(browser: Any, tmp_path: Path, speed: str) -> None:
    found = boards([record(0.5), record(0.6, backbone="b")])
    page = tmp_path / "index.html"
    text = html_page(found, file_of=lambda one: tmp_path / f"{one.id}.json", out=tmp_path)["index.html"]
    # A record can't say so; the page does not rely on that.
    assert text.count('"speed":93.3') == 2
    page.write_text(text.replace('"speed":93.3', f'"speed":{speed}', 1))
    browser.set_page_load_timeout(20)
    browser.get(f"{page.as_uri()}#x=speed")
    left_out = browser.find_element("css selector", "section.board:not([hidden]) .left-out").text
    assert bool(left_out) == (speed != "1e15")


@pytest.mark.parametrize(
    "odd",
    [
        {"support": pa.array(["many"] * 4)},
        {"support": pa.array([-1, 1, 1, 1])},
        {"class": pa.array(["twice", "twice", "b", "c"])},
        {"support": pa.array([2**31 - 1] * 4, pa.date32())},
        {},
    ],
)
def test_a_bad_table_is_left_out_and_named(tmp_path: Path, odd: dict[str, pa.Array]) -> None:
    folder = ResultsFolder(tmp_path)
    labels = np.arange(40) % 4
    written = [put(folder, name, labels, guessed(labels, rate=0.7, classes=4, seed=len(name))) for name in ("a", "bb")]
    file = folder.file_of(written[0])
    table = file.with_suffix(".classes.parquet")
    if odd:
        columns = pq.read_table(table)
        for name, column in odd.items():
            columns = columns.set_column(columns.column_names.index(name), name, column)
        pq.write_table(columns, table)
        state = FileState(sha256=sha256_of(table), rows=4)
        write_record(file, written[0].model_copy(update={"tables": {"classes": state}}))
    else:
        table.unlink()
    done = CliRunner().invoke(artbench, ["leaderboard", "build", "--results", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"left out: {table}" in done.stderr
    page = (tmp_path / "leaderboards" / "index.html").read_text()
    assert '"scores":[null,[' in page or "],null]" in page
