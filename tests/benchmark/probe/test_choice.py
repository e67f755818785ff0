"""What is chosen does not follow the labels of the test: the same run twice, their order changed in between."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from artbench.plugins import load_plugins
from artbench.reporting import Silent
from artbench.run import Request, run

TOY = Path(__file__).parents[2] / "toy_plugin.py"
SHUFFLED = """
from dataclasses import replace

import numpy as np

from artbench import hookimpl
from artbench.specs import TaskSpec
from tests import toy_plugin

TASKS = {
    "shuffled-colour": ("single-label", "accuracy", toy_plugin.colour),
    "shuffled-traits": ("multi-label", "mean_average_precision", toy_plugin.traits),
}


@hookimpl
def register_tasks(register):
    for name, (target, metric, plain) in TASKS.items():
        def factory(dataset, plain=plain):
            targets = plain(dataset)
            order = np.random.default_rng(0).permutation(len(targets.test))
            return replace(targets, test=replace(targets.test, labels=targets.test.labels[order]))

        register(
            TaskSpec(
                name=name, description="Wrong.", dataset="toy", target=target, primary_metric=metric, factory=factory
            )
        )
"""


@pytest.mark.parametrize("asked", ["colour", "traits"])
def test_permuting_the_test_labels_changes_no_choice_and_no_answer(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    plugin = tmp_path / "shuffled.py"
    plugin.write_text(SHUFFLED)
    request = Request(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=[f"toy-{asked}", f"shuffled-{asked}"],
        results=tmp_path / "results",
    )
    outcome = run(request, registry=load_plugins([TOY, plugin], only=""), reporter=Silent())
    plain, shuffled = outcome.results
    assert plain.record.metrics != shuffled.record.metrics
    assert plain.record.probe == shuffled.record.probe
    assert plain.record.probe.grid_losses != (None,) * len(plain.record.probe.grid)
    tables = [pq.read_table(result.file.with_suffix(".parquet")).to_pydict() for result in (plain, shuffled)]
    (target,) = tables[0].keys() & {"target", "targets"}
    assert tables[0].pop(target) != tables[1].pop(target)
    assert tables[0] == tables[1]
