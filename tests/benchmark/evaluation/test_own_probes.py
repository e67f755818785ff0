"""Probes of plugins from the run to leaderboard and check."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
import torch

from artbench.errors import UsageError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.methods import methods
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.plugins import known
from artbench.plugins.known import known_protocols
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V2
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from artbench.testing.protocol import examine_protocol
from tests.support.probed import cache_of, plugins_with_probes, probed, run_probed

TASKS = ("toy-colour", "toy-year", "toy-traits", "toy-clustered", "toy-splits")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return plugins_with_probes()


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> RunRequest:
    return probed(tmp_path_factory.mktemp("probed"), TASKS)


@pytest.fixture(scope="module")
def outcome(request_: RunRequest, registry: Registry) -> RunOutcome:
    return run_probed(request_, registry)


@pytest.fixture
def cache(request_: RunRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(cache_of(request_)))


def faults(folder: Path, registry: Registry, *, installed: bool = True) -> list[Finding]:
    def known(record: Record) -> KnownTask:
        return KnownTask(spec=registry.tasks.get(record.task))

    plugins = frozenset(
        plugin.distribution for plugin in registry.plugins if installed or plugin.name != "probes_plugin"
    )
    report = check_folder(folder, tasks=known, plugins=plugins, now=datetime.now(UTC), reporter=Silent())
    return [finding for finding in report.findings if finding.status == "FAIL"]


def test_every_form_of_answer_is_measured_with_each_seed(outcome: RunOutcome) -> None:
    assert outcome.failures == {}
    assert [result.record.task for result in outcome.results] == list(TASKS)
    for record in (result.record for result in outcome.results):
        assert (record.protocol, record.probe, record.neighbours) == ("means-v1", None, None)
        assert [probe.seed for probe in record.own_probes] == [3, 5] * (2 if record.task == "toy-splits" else 1)
        values = [round_.metrics[record.primary_metric] for round_ in record.rounds]
        assert record.primary.value == pytest.approx(np.mean(values))
        assert record.own_probes[0].validation[record.primary_metric] > 0
        assert record.provenance.plugins["probes_plugin.py"] == ""
    by_task = {result.record.task: result.record for result in outcome.results}
    assert by_task["toy-colour"].primary.value > 0.8
    assert set(by_task["toy-traits"].own_probes[0].thresholds) == {"sample_f2", "micro_f1"}
    assert [by_task[task].own_probes[0].summary for task in ("toy-colour", "toy-clustered")] == [
        {"groups": False},
        {"groups": True},
    ]


def test_its_leaderboard_stands_apart_and_names_its_seeds(outcome: RunOutcome, request_: RunRequest) -> None:
    page = (request_.results / "leaderboards" / "toy-colour.md").read_text()
    assert "Protocol means-v1" in page
    assert "Means over 2 seeds" in page
    assert "kNN" not in page


def test_the_paragraph_on_methods_says_what_it_was(outcome: RunOutcome, request_: RunRequest) -> None:
    folder = ResultsFolder(request_.results)
    text = methods(boards(folder.records(Silent()), folder.predictions_of), sources={"toy": "Toys"})
    assert "The probe of means-v1, version 1 (For tests; noise 0.01), was fitted on features" in text
    assert "means over 2 seeds" in text
    assert "ogistic regression" not in text
    assert "nearest neighbours" not in text


def test_the_check_computes_its_metrics_again_and_finds_what_is_forged(
    outcome: RunOutcome, request_: RunRequest, registry: Registry
) -> None:
    assert faults(request_.results, registry) == []
    file = next(result.file for result in outcome.results if result.record.task == "toy-colour")
    whole = file.read_text()
    try:
        for change, message in (
            ({"seed": 4}, "the seeds 4, 5 are not those"),
            ({"version": 2}, "has version 2, not 1"),
            ({"groups": 3}, "must not have whole groups"),
            ({"validation": {"accuracy": 2.0}}, "a validation metric above 1"),
            ({"summary": {"x": "y" * 20_000}}, "of at most 10,000"),
        ):
            record = json.loads(whole)
            record["own_probe"] |= change
            record["rounds"][0]["own_probe"] |= change
            file.write_text(json.dumps(record))
            assert any(message in finding.message for finding in faults(request_.results, registry)), message
        record = json.loads(whole)
        record["protocol"], record["protocol_hash"] = LINEAR_V2.name, LINEAR_V2.hash
        file.write_text(json.dumps(record))
        assert any("has that of a plugin" in finding.message for finding in faults(request_.results, registry))
        # Where the plugin is not installed, its protocol is not known, which is no fault.
        record["protocol"] = "unheard-of-v1"
        file.write_text(json.dumps(record))
        found = faults(request_.results, registry, installed=False)
        assert not any("protocol" in finding.message for finding in found if file.name in finding.name)
    finally:
        file.write_text(whole)


def _plain(given: Any) -> Any:
    from artbench.data import Fitted

    return Fitted(outputs=np.full((len(given.test), given.classes), 1 / given.classes))


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("broken-v1", "the probe of broken-v1 failed (RuntimeError: out of patience)"),
        ("nan-v1", "the probe of nan-v1 answers NaN or infinity"),
        ("short-v1", "of shape ("),
        ("whole-v1", "answers int64"),
        ("logits-v1", "answers what is no probability"),
        ("unscaled-v1", "don't add up to 1"),
        ("untyped-v1", "returns a NoneType"),
        ("talkative-v1", "has a summary of 20,0"),
        ("strange-v1", "has a summary that JSON can't hold"),
        ("escaping-v1", "has a summary that a record can't hold"),
        ("halved-v1", "has a summary that a record can't hold"),
        ("wordy-v1", "has a summary that a record can't hold"),
        ("held-text-v1", "holds out a str"),
        ("held-nothing-v1", "the probe of held-nothing-v1 failed (TypeError"),
        ("held-empty-v1", "holds out labels that its task does not have"),
        ("held-others-v1", "holds out labels that its task does not have"),
    ],
)
def test_a_probe_that_fails_is_named_in_one_line(
    outcome: RunOutcome, request_: RunRequest, registry: Registry, name: str, message: str
) -> None:
    asked = replace(request_, protocol=protocol_to_run(name), tasks=["toy-colour"])
    (said,) = run(asked, registry=registry, reporter=Silent()).failures.values()
    assert message in said
    assert "\n" not in said


@pytest.mark.usefixtures("cache")
def test_what_a_probe_sets_for_the_process_ends_with_it(
    outcome: RunOutcome, request_: RunRequest, registry: Registry
) -> None:
    before = torch.get_default_dtype(), torch.is_grad_enabled(), np.geterr()
    asked = replace(request_, protocol=protocol_to_run("untidy-v1"), tasks=["toy-colour"])
    assert not run(asked, registry=registry, reporter=Silent()).failures
    assert (torch.get_default_dtype(), torch.is_grad_enabled(), np.geterr()) == before


@pytest.mark.usefixtures("cache", "outcome")
def test_of_two_runs_at_once_one_fits_the_probe(
    request_: RunRequest, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(request_, protocol=protocol_to_run("free-v1"), tasks=["toy-colour"], results=tmp_path)
    told, fits, outcomes = Event(), [], []

    class Listening(Silent):
        def notice(self, text: str) -> None:
            if "fitting the probe of free-v1 on toy-colour" in text:
                told.set()

    other = Thread(target=lambda: outcomes.append(run(asked, registry=registry, reporter=Listening())))

    def probe(given: Any) -> Any:
        fits.append(given.seed)
        if len(fits) > 1:
            told.set()
        else:
            other.start()
            assert told.wait(100)
        return _plain(given)

    spec = replace(known_protocols()["free-v1"], probe=probe)
    monkeypatch.setitem(known._protocols, "free-v1", spec)
    own = run(asked, registry=registry, reporter=Silent())
    other.join(100)
    assert fits == [0]
    # Either may end first.
    ((first,), (second,)) = (outcome.results for outcome in (own, *outcomes))
    assert first.record == second.record
    assert (first.new, second.new) == (True, False)


def test_what_it_does_not_do_is_refused_before_anything_is_read(request_: RunRequest, registry: Registry) -> None:
    task = registry.tasks.get("toy-year")
    classes = replace(request_, protocol=protocol_to_run("broken-v1"))
    with pytest.raises(UsageError, match="broken-v1 answers to class, and toy-year is a year task"):
        classes.protocols(task)
    with pytest.raises(UsageError, match="--width is of linear-v2"):
        replace(request_, width=8).protocols(task)
    with pytest.raises(UsageError, match="ridge-v2 is for numbers"):
        replace(request_, protocol=protocol_to_run("ridge-v2")).protocols(registry.tasks.get("toy-colour"))


def test_the_kit_finds_probes_that_break_the_contract(registry: Registry) -> None:
    assert {finding.status for finding in examine_protocol(registry.protocols.get("means-v1"))} == {"PASS"}
    for name in ("broken-v1", "nan-v1", "untyped-v1"):
        found = examine_protocol(registry.protocols.get(name))
        assert any(finding.status == "FAIL" for finding in found), name
    draws = np.random.default_rng()
    spec = registry.protocols.get("means-v1")
    restless = replace(spec, answers=("class",), probe=lambda given: _drawn(given, draws))
    said = [finding.message for finding in examine_protocol(restless) if finding.status == "FAIL"]
    assert any("fitted again with the same seed" in one for one in said)


def _drawn(given: Any, rng: np.random.Generator) -> Any:
    from artbench.data import Fitted

    return Fitted(outputs=rng.dirichlet(np.ones(given.classes), len(given.test)))
