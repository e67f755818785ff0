"""What a record says of a plugin's probe, its seeds and its rounds, and what of it is known to be false."""

import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.plugins.loading import load_plugins
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from tests.support.mutants import Submission
from tests.support.plugins import JUDGED, PROBES, TOY


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, JUDGED, PROBES], only="")


@pytest.fixture(scope="module")
def measured(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name, task in (("means-v1", "toy-colour"), ("loose-v1", "toy-colour"), ("loose-v1", "toy-year")):
            folder = folders[name if task == "toy-colour" else f"{name}, {task}"] = tmp_path_factory.mktemp(name)
            request = RunRequest(
                backbones=["toy-patches"],
                pretrainings=["random"],
                tasks=[task],
                results=folder,
                device="cpu",
                protocol=protocol_to_run(name),
            )
            assert run(request, registry=registry, reporter=Silent()).failures == {}
    return folders


def found(
    change: Callable[[Any], Any], protocol: str, measured: Mapping[str, Path], folder: Path, registry: Registry
) -> list[Finding]:
    """Change what is on record, and check it; a name of a protocol that nobody has is let pass by its plugin."""
    shutil.copytree(measured[protocol] / "records", folder / "records")
    (file,) = (folder / "records").glob("*/*.json")
    it = Submission(folder, file, [], Random(0))
    content = it.content
    change(content)
    it.write(content)
    plugins = frozenset(plugin.distribution for plugin in registry.plugins)
    report = check_folder(
        folder,
        tasks=lambda record: KnownTask(spec=registry.tasks.get(record.task)),
        plugins=plugins,
        now=datetime.now(UTC),
        reporter=Silent(),
    )
    return [one for one in report.findings if "file names" not in one.message]


def probes(content: Any) -> list[Any]:
    return [content["own_probe"], *(one["own_probe"] for one in content["rounds"])]


def summary(**said: Any) -> Callable[[Any], Any]:
    return lambda content: [one.update(summary=said) for one in probes(content)]


def validation(**values: float) -> Callable[[Any], Any]:
    return lambda content: [one["validation"].update(values) for one in probes(content)]


def better(content: Any) -> None:
    content["metrics"]["accuracy"] |= {"value": 0.999, "ci95": [0.99, 0.9999]}
    for one in content["rounds"]:
        one["metrics"]["accuracy"] = 0.999


def nobodys(content: Any) -> None:
    content["protocol"] = "nobodys-v1"
    content["provenance"]["plugins"]["nobody"] = "1"
    better(content)


def linked(content: Any) -> None:
    nobodys(content)
    content["protocol"] = "best](http://example.org)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: None, None),
        (summary(), "the summary of own_probe is not one of means-v1: it does not say whether there were groups"),
        (
            lambda content: content.update(backbone="toy\u200bpatches"),
            "U+200B",
        ),
        (validation(accuracy=-0.5), "has a validation metric below 0"),
        (validation(accuracy=1.5), "has a validation metric above 1"),
        (validation(accuracy=0.9, top5_accuracy=0.5), "can't have accuracy above top5_accuracy on validation"),
        (lambda content: content["provenance"]["plugins"].pop(PROBES.name), "which provenance.plugins lacks"),
        (lambda content: content["rounds"][1].update(train=59), "have other training or test images"),
        (better, "accuracy is 0.999 in the record, but"),
        # Whoever may have the protocol, its values follow from the predictions.
        (nobodys, "accuracy is 0.999 in the record, but"),
        (linked, "the protocol 'best](http://example.org)' is an address, of which a page would make a link"),
    ],
)
def test_what_can_not_be_of_a_plugins_probe_is_a_fault(
    change: Callable[[Any], Any],
    said: str | None,
    measured: Mapping[str, Path],
    tmp_path: Path,
    registry: Registry,
) -> None:
    faults = [one.message for one in found(change, "means-v1", measured, tmp_path, registry) if one.status == "FAIL"]
    assert (faults == []) if said is None else any(said in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("protocol", "status", "said"),
    [
        ("means-v1", "WARN", "no seed changes this probe, or one fit is there several times"),
        ("loose-v1", "FAIL", "and loose-v1 can't be fitted twice to the same"),
        ("loose-v1, toy-year", "FAIL", "and loose-v1 can't be fitted twice to the same"),
    ],
)
def test_one_fit_in_place_of_several_seeds_is_told(
    protocol: str, status: str, said: str, measured: Mapping[str, Path], tmp_path: Path, registry: Registry
) -> None:
    given = tmp_path / "given"
    shutil.copytree(measured[protocol], given)
    (file,) = (given / "records").glob("*/*.json")
    it = Submission(given, file, [], Random(0))
    assert found(lambda content: None, protocol, {protocol: given}, tmp_path / "honest", registry) == []

    def first_twice(table: pa.Table) -> pa.Table:
        first = table.filter(pa.array(table["round"].to_numpy() == 0))
        second = first.set_column(first.column_names.index("round"), "round", pa.array(np.ones(len(first), np.int32)))
        return pa.concat_tables([first, second])

    it.rewrite(first_twice)

    def as_first(content: Any) -> None:
        content["rounds"][1]["metrics"] = deepcopy(content["rounds"][0]["metrics"])

    told = found(as_first, protocol, {protocol: given}, tmp_path / "forged", registry)
    assert [one.status for one in told if said in one.message] == [status], told
