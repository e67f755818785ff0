"""One more record is one more line, as long as it moves no rank: whatever its name and value, and wherever it falls."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artbench.leaderboard.board import boards
from artbench.leaderboard.markdown import task_page
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from tests.support.records import record
from tests.support.results import guessed, put

_CLASSES = 6
LABELS = np.random.default_rng(0).integers(0, _CLASSES, 200)
NAMES = st.text(st.sampled_from("abZ9_-|*[é"), min_size=1, max_size=8)


def lines(records: list[Record], folder: ResultsFolder | None = None) -> list[str]:
    every = boards(records, None if folder is None else folder.predictions_of)
    return task_page(every).splitlines()


@st.composite
def rows(draw: st.DrawFn) -> Record:
    """A record with any name, value, metrics and marks, in no order."""
    value = draw(st.floats(0, 1))
    metrics = {"value": value, "ci95": [0.0, 1.0]}
    content = record(
        value,
        backbone=draw(NAMES),
        encoder={"weights_sha256": f"{draw(st.integers(0, 2**256 - 1)):064x}"},
        timing={"images_per_s": draw(st.none() | st.floats(0.1, 1e5))},
        provenance={"hardware": draw(NAMES), "seed": draw(st.integers(0, 2))},
    ).as_json()
    content["metrics"] = {"accuracy": metrics} | dict.fromkeys(
        draw(st.permutations(["macro_f1", "balanced_accuracy"])), metrics
    )
    return Record.model_validate(content)


@given(st.lists(rows(), min_size=1, max_size=6, unique_by=lambda one: one.id), rows())
@settings(max_examples=150, deadline=None)
def test_without_tests_a_record_is_a_line_below_all_that_are_better(before: list[Record], new: Record) -> None:
    if new.id in {one.id for one in before}:
        return
    old, now = lines(before), lines([*before, new])
    # By value alone, a rank is one more than the number of better rows: those of worse ones move.
    worse = sum(one.primary.value < new.primary.value for one in before)
    gone = [line for line in old if line not in now and "|" in line and "rank" not in line]
    assert len(gone) <= worse
    if len(before) > 1:
        assert len([line for line in now if line not in old]) <= worse + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ResultsFolder:
    return ResultsFolder(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def known(folder: ResultsFolder) -> list[Record]:
    """Three that the tests tell apart, however many others there are."""
    rates = {"good": 0.99, "fair": 0.75, "poor": 0.45}
    return [
        put(folder, name, LABELS, guessed(LABELS, rate=rate, classes=_CLASSES, seed=seed))
        for seed, (name, rate) in enumerate(rates.items())
    ]


@given(NAMES, st.floats(0.0, 0.1), st.integers(0, 1000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_that_is_worse_than_all_is_one_line(
    folder: ResultsFolder, known: list[Record], name: str, rate: float, seed: int
) -> None:
    new = put(folder, name, LABELS, guessed(LABELS, rate=rate, classes=_CLASSES, seed=seed))
    old, now = lines(known, folder), lines([*known, new], folder)
    assert [line for line in old if line not in now] == []
    (line,) = (line for line in now if line not in old)
    assert line.startswith("| 4 | ")


def test_which_row_is_first_decides_no_column() -> None:
    few, many = record(0.9).as_json(), record(0.5, backbone="other")
    del few["metrics"]["macro_f1"]
    for value in (0.9, 0.1):
        few["metrics"]["accuracy"] = {"value": value, "ci95": [0.0, 1.0]}
        assert "macro F1 %" in "\n".join(lines([Record.model_validate(few), many]))
