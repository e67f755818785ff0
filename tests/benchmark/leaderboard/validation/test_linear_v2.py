"""Records under linear-v2: honest ones pass; where the penalty was chosen, and on how many groups, is checked."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from artbench.data.folders import DatasetPaths
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Silent
from tests.support.mutants import Submission

Content = dict[str, Any]


pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("cached")]


def faults(folder: Path, registry: Registry) -> list[str]:
    report = check_records(folder, registry=registry, paths=DatasetPaths(), reporter=Silent())
    return [finding.message for finding in report.findings if finding.status == "FAIL"]


def of(folder: Path, task: str, *, shots: bool = False) -> Path:
    files = folder.joinpath("records", task).glob("*.json")
    return next(file for file in files if (json.loads(file.read_text())["few_shot"] is not None) == shots)


def test_honest_records_pass_and_say_on_how_many_groups_the_penalty_was_chosen(newer: Path, registry: Registry) -> None:
    assert faults(newer, registry) == []
    groups = {
        task: json.loads(of(newer, task).read_text())["probe"]["groups"] for task in ("toy-clustered", "toy-year")
    }
    # Six painters; two images without a known painter are in the test.
    assert groups == {"toy-clustered": 6, "toy-year": None}
    few = json.loads(of(newer, "toy-clustered", shots=True).read_text())
    assert all(round_["probe"]["groups"] >= 2 for round_ in few["rounds"])
    traits = json.loads(of(newer, "toy-traits").read_text())["neighbours"]
    assert {"sample_f2", "micro_f1"} <= traits["metrics"].keys()
    assert traits["thresholds"].keys() == {"sample_f2", "micro_f1"}


def _set(*path: str, to: Any) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("task", "change", "words"),
    [
        ("toy-clustered", _set("probe", "groups", to=None), "must choose its penalty on whole groups"),
        ("toy-clustered", _set("probe", "groups", to=0), "can't have held out 0 groups"),
        ("toy-clustered", _set("probe", "groups", to=17), "the task has 6 groups to hold out; the record says 17"),
        ("toy-clustered", _set("probe", "unfitted", to=4), "unfitted classes"),
        ("toy-year", _set("probe", "groups", to=6), "must not choose its penalty on whole groups"),
        ("toy-traits", _set("neighbours", "thresholds", to={}), "not those that its metrics need"),
        ("toy-traits", _set("neighbours", "thresholds", "micro_f1", to=0.1234), "not one of those tried"),
        ("toy-traits", _set("probe", "thresholds", to={}), "does not have the thresholds"),
        ("toy-year", _set("encoder", "layer", to=2), "encoder.layer is 2, but toy-patches reads layer 1"),
        ("toy-year", _set("encoder", "seen", to=None), "encoder.seen is missing"),
    ],
)
def test_forged_ones_do_not(
    newer: Path, registry: Registry, tmp_path: Path, task: str, change: Callable[[Content], None], words: str
) -> None:
    shutil.copytree(newer / "records" / task, tmp_path / "records" / task)
    file = of(tmp_path, task)
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    assert any(words in what for what in faults(tmp_path, registry)), faults(tmp_path, registry)


def test_draws_that_are_one_and_the_same_are_a_fault(newer: Path, registry: Registry, tmp_path: Path) -> None:
    """The draw that happened to be best, ten times: nothing in the record would show it otherwise."""
    original = of(newer, "toy-colour", shots=True)
    shutil.copytree(original.parent, tmp_path / "records" / "toy-colour")
    it = Submission(tmp_path, tmp_path / "records" / "toy-colour" / original.name, [], Random(0))

    def repeated(table: pa.Table) -> pa.Table:
        first = table.filter(pc.equal(table["round"], 0))
        rounds = [pa.array([number] * len(first), pa.int32()) for number in range(len(table) // len(first))]
        at = table.column_names.index("round")
        return pa.concat_tables([first.set_column(at, "round", numbers) for numbers in rounds])

    it.rewrite(repeated)
    assert "predictions: only 1 of 10 draws differ" in faults(tmp_path, registry)
