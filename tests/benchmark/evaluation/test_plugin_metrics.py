"""Metrics of a plugin from the run to leaderboard, export and check."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import artbench
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.leaderboard.board import boards
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.matrix.options import matrix_options
from artbench.matrix.plan import make_plan
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from tests.support.plugins import MEASURED, TOY


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, MEASURED], only="")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> tuple[RunRequest, RunOutcome]:
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        request = RunRequest(
            backbones=["toy-patches", "toy-patches@layer=2"],
            pretrainings=["random"],
            tasks=["toy-odds", "toy-gap", "toy-brightness"],
            results=folder / "results",
        )
        return request, run(request, registry=registry, reporter=Silent())


def findings(folder: Path, registry: Registry) -> list[Finding]:
    def known(record: Record) -> KnownTask:
        return KnownTask(spec=registry.tasks.get(record.task))

    plugins = frozenset(plugin.distribution for plugin in registry.plugins)
    report = check_folder(folder, tasks=known, plugins=plugins, now=datetime.now(UTC), reporter=Silent())
    return [finding for finding in report.findings if finding.status == "FAIL"]


def test_records_have_the_metrics_that_their_task_asks_for(asked: tuple[RunRequest, RunOutcome]) -> None:
    _, outcome = asked
    assert outcome.failures == {}
    records = {result.record.task: result.record for result in outcome.results}
    odds = records["toy-odds"]
    assert odds.metrics.keys() >= {"accuracy", "log_odds", "hits", "largest_gap"}
    assert "hits" not in records["toy-gap"].metrics
    assert (odds.primary.unit, odds.primary.higher_is_better) == ("nats", True)
    assert odds.metrics["hits"].value == odds.metrics["accuracy"].value
    assert odds.metrics["hits"].ci95 == pytest.approx(odds.metrics["accuracy"].ci95)
    assert odds.metrics["largest_gap"].ci95 is None
    assert odds.votes["log_odds"].ci95 is not None
    assert odds.provenance.plugins["measured_plugin.py"] == ""
    # A record of artbench's own metrics is as it always was.
    assert odds.as_json()["metrics"]["accuracy"].keys() == {"value", "ci95"}


def test_a_kind_of_target_of_a_plugin_is_answered_and_ranked(asked: tuple[RunRequest, RunOutcome]) -> None:
    request, outcome = asked
    record = next(result.record for result in outcome.results if result.record.task == "toy-brightness")
    assert record.metrics.keys() == {"rank_agreement"}
    assert record.protocol == "ridge-v2"
    assert record.primary.value > 0.5
    page = (request.results / "leaderboards" / "toy-brightness.md").read_text()
    assert "**rank agreement** [95 % interval]" in page


def test_leaderboards_and_exports_show_unit_and_direction(asked: tuple[RunRequest, RunOutcome]) -> None:
    request, _ = asked
    page = (request.results / "leaderboards" / "toy-odds.md").read_text()
    assert "**log odds** nats [95 % interval]" in page
    assert "hits of images %" in page
    gap = (request.results / "leaderboards" / "toy-gap.md").read_text()
    assert "**largest gap** |" in gap
    assert "of whose chance nothing is known" in gap
    folder = ResultsFolder(request.results)
    found = boards(folder.records(Silent()), folder.predictions_of)
    by_task = {board.first.task: board for board in found}
    values = [row.record.primary.value for row in by_task["toy-gap"].rows]
    assert values == sorted(values)
    assert str(by_task["toy-gap"].place_of(by_task["toy-gap"].rows[0].record)) == "(1)"
    # Fewer than 200 images of a number without bounds.
    assert "errors in nats are too uneven" in by_task["toy-odds"].ranking.doubt
    rows = [row for row in flat_rows(found) if row["task"] == "toy-odds"]
    assert all(row["largest_gap_low"] is None and row["log_odds_low"] is not None for row in rows)


def test_the_check_computes_them_again(
    asked: tuple[RunRequest, RunOutcome], registry: Registry, tmp_path: Path
) -> None:
    request, outcome = asked
    assert findings(request.results, registry) == []
    for result in outcome.results:
        copy = tmp_path / result.file.relative_to(request.results)
        copy.parent.mkdir(parents=True, exist_ok=True)
        for file in result.file.parent.glob(f"{result.file.stem}.*"):
            (copy.parent / file.name).write_bytes(file.read_bytes())
    for task, name, change, message in (
        ("toy-odds", "log_odds", {"value": 9.0}, "log_odds is 9 in the record"),
        ("toy-odds", "hits", {"ci95": None}, "hits must have an interval"),
        ("toy-gap", "largest_gap", {"ci95": [0, 2]}, "largest_gap can not have an interval"),
        ("toy-gap", "largest_gap", {"higher_is_better": True}, "higher_is_better of largest_gap can't be True"),
    ):
        file = next((tmp_path / "records" / task.replace("-", "-")).glob("*.json"))
        whole = file.read_text()
        record = json.loads(whole)
        record["metrics"][name] |= change
        file.write_text(json.dumps(record))
        assert any(message in finding.message for finding in findings(tmp_path, registry)), message
        file.write_text(whole)


@pytest.mark.integration
def test_without_the_plugin_the_check_says_what_it_needs(asked: tuple[RunRequest, RunOutcome]) -> None:
    request, _ = asked
    script = "from artbench.cli.main import main; import sys; sys.exit(main())"
    command = [sys.executable, "-c", script, "leaderboard", "check", str(request.results), "--plugin", str(TOY)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert [one for one in said["findings"] if one["severity"] == "fault"] == []
    assert any("log_odds" in what and "needs plugin measured_plugin.py" in what for what in map(str, said["unchecked"]))


@pytest.mark.parametrize("words", [["--methods"], ["--format", "model-card", "--backbone", "toy-patches"]])
def test_without_the_plugin_its_records_are_exported(asked: tuple[RunRequest, RunOutcome], words: list[str]) -> None:
    results = str(asked[0].results)
    command = [sys.executable, "-m", "artbench", "leaderboard", "export", "--results", results, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "log odds" in done.stdout


def test_without_the_plugin_its_rows_are_ranked_by_value(asked: tuple[RunRequest, RunOutcome]) -> None:
    command = [sys.executable, "-m", "artbench", "leaderboard", "show", "--results", str(asked[0].results)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "largest_gap is a metric that no plugin here has" in " ".join(done.stdout.split())


REFUSED = {
    "toy-misspelt": "the metric 'acuracy', which no plugin has for single-label targets. Did you mean 'accuracy'?",
    "toy-calibration": "can't rank by expected_calibration_error: it does not say which encoder is better. State",
    "toy-five-of-three": "can't rank by top5_accuracy: of 3 classes it says nothing, it needs 6. State one of these",
    "toy-seen-painters": "is clustered, with 7 groups in train and in test: painter 0, painter 1, painter 2, …. Keep",
}


@pytest.mark.parametrize("task", REFUSED)
def test_what_a_task_can_not_ask_is_told_before_an_image_is_read(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    content = {"backbone": "toy-patches", "pretraining": "random", "task": task, "cwd": tmp_path, "plugin": [TOY]}
    request = RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=["toy-colour", task], results=tmp_path / "results"
    )
    for ask in (
        lambda: run(request, registry=registry, reporter=Silent()),
        lambda: make_plan(matrix_options(content), registry=registry, reporter=Silent()),
        lambda: artbench.targets(task=task, plugins=[TOY, MEASURED]),
    ):
        with pytest.raises(ArtbenchError) as raised:
            ask()
        assert f"task {task} " in str(raised.value)
        assert REFUSED[task] in str(raised.value)
        assert "\n" not in str(raised.value)
    assert not list((tmp_path / "cache").glob("features/*"))
