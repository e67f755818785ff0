"""Own records of every kind pass the check, before and after publishing; some faults need the data to be found."""

import json
import shutil
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.findings import Report
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.publishing import publish
from artbench.runtime.progress import Silent
from tests.support.estimates import ends
from tests.support.mutants import Submission
from tests.support.plugins import JUDGED, TOY

PLUGINS = [TOY, JUDGED]
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("cached")]


@pytest.fixture(params=["results", "newer"])
def clustered(request: pytest.FixtureRequest, tmp_path: Path) -> Submission:
    """A record of a task with several splits of unseen painters, alone, under each protocol."""
    measured: Path = request.getfixturevalue(request.param)
    shutil.copytree(measured / "records" / "toy-splits", tmp_path / "records" / "toy-splits")
    (file,) = (tmp_path / "records" / "toy-splits").glob("*.json")
    return Submission(tmp_path, file, [], Random(0))


@pytest.fixture
def submission(results: Path, tmp_path: Path) -> Submission:
    """The record of one task, alone."""
    shutil.copytree(results / "records" / "toy-colour", tmp_path / "records" / "toy-colour")
    few, file = sorted(
        (tmp_path / "records" / "toy-colour").glob("*.json"),
        key=lambda file: json.loads(file.read_text())["few_shot"] is None,
    )
    for extra in few.parent.glob(f"{few.stem}.*"):
        extra.unlink()
    return Submission(tmp_path, file, [], Random(0))


def check(folder: Path, registry: Registry, *, placed: dict[str, Path] | None = None) -> Report:
    return check_records(folder, registry=registry, paths=DatasetPaths(by_name=placed or {}), reporter=Silent())


def faults(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.status == "FAIL"]


def test_own_records_of_every_kind_pass_and_are_compared_with_the_data(results: Path, registry: Registry) -> None:
    report = check(results, registry)
    assert (report.records, report.compared, faults(report)) == (6, ("toy",), [])
    assert {finding.message for finding in report.findings} == {
        "its image ids look like file names, which would be published"
    }


def test_intervals_of_the_newer_protocol_have_a_width_and_contain_the_value(newer: Path) -> None:
    records = list(ResultsFolder(newer).records(Silent()))
    assert len(records) == 7
    for record in records:
        for metrics in (record.metrics, record.votes, *(one.metrics for one in record.references)):
            for name, metric in metrics.items():
                assert 0 <= ends(metric)[0] <= metric.value <= ends(metric)[1], name
                assert ends(metric)[1] - ends(metric)[0] > 0.01, name


def test_own_records_of_the_newer_protocol_pass(newer: Path, registry: Registry, tmp_path: Path) -> None:
    assert faults(check(newer, registry)) == []
    source, target = ResultsFolder(newer), ResultsFolder(tmp_path / "given")
    for record in source.records(Silent()):
        publish(record, source, target)
    assert check(tmp_path / "given", registry).findings == ()


def test_intervals_of_clusters_are_recomputed_exactly(clustered: Submission, registry: Registry) -> None:
    content = clustered.content
    interval = content["metrics"]["accuracy"]["ci95"]
    # Far less than two bootstraps would differ by.
    interval[0] += 0.02 * (interval[1] - interval[0])
    clustered.write(content)
    (changed,) = faults(check(clustered.folder, registry))
    assert changed.startswith("the interval of accuracy is ")


@pytest.mark.parametrize("folder", ["results", "newer"])
def test_thresholds_of_one_half_are_right_where_there_is_nothing_to_choose_on(
    folder: str, request: pytest.FixtureRequest, registry: Registry, tmp_path: Path
) -> None:
    shutil.copytree(request.getfixturevalue(folder) / "records" / "toy-traits", tmp_path / "records" / "toy-traits")
    (file,) = (tmp_path / "records" / "toy-traits").glob("*.json")
    content = json.loads(file.read_text())
    grid = content["probe"]["grid"]
    thresholds = {"micro_f1": 0.5, "sample_f2": 0.5}
    content["probe"] |= {"thresholds": thresholds, "validation": {}, "grid_losses": [None] * len(grid)}
    content["probe"]["l2"] = sorted(grid)[len(grid) // 2]
    content["neighbours"]["thresholds"] = thresholds
    file.write_text(json.dumps(content))
    assert [what for what in faults(check(tmp_path, registry)) if "threshold" in what or "validation" in what] == []
    content["probe"] |= {"grid_losses": [1.0] * len(grid), "l2": max(grid)}
    file.write_text(json.dumps(content))
    # No metric is defined on held-out images without any label.
    assert [what for what in faults(check(tmp_path, registry)) if "validation" in what] == []


def test_what_is_published_names_no_file_and_passes_too(results: Path, registry: Registry, tmp_path: Path) -> None:
    source, target = ResultsFolder(results), ResultsFolder(tmp_path / "given")
    for record in source.records(Silent()):
        copy = publish(record, source, target)
        images = pq.read_table(copy.with_suffix(".parquet"))["image"].to_pylist()
        assert all(len(image) == len("sha256:") + 16 and image.startswith("sha256:") for image in images)
    assert {record.id for record in target.records(Silent())} == {record.id for record in source.records(Silent())}
    assert b".png" not in b"".join(file.read_bytes() for file in (tmp_path / "given").rglob("*.parquet"))
    report = check(tmp_path / "given", registry)
    assert (report.records, report.compared, report.findings) == (6, ("toy",), ())


def test_images_in_another_order_are_found_with_the_data_alone(submission: Submission, registry: Registry) -> None:
    """Every number follows from the predictions, but they are of other images."""
    column = pq.read_table(submission.beside())["image"]
    submission.rewrite(lambda table: table.set_column(0, "image", column.take(list(range(29, -1, -1)))))
    assert any("not for the test split of the task" in what for what in faults(check(submission.folder, registry)))
    assert faults(check(submission.folder, load_plugins(only=""))) == []


def test_another_state_of_the_data_is_reported(submission: Submission, registry: Registry) -> None:
    content = submission.content
    content["dataset"]["fingerprint"] = "0" * 64
    submission.write(content)
    submission.settle()
    (what,) = faults(check(submission.folder, registry))
    assert what.startswith("the record was measured on the data state 000000000000; here it is ")


def test_a_task_that_nobody_has_here_is_a_notice(submission: Submission) -> None:
    report = check(submission.folder, load_plugins(only=""))
    assert faults(report) == []
    assert any("no installed plugin has the task 'toy-colour'" in finding.message for finding in report.findings)
    assert any(
        finding.message.startswith("not installed here, so not checked: ") and "toy_plugin.py" in finding.message
        for finding in report.findings
    )


def test_fewer_images_to_fit_on_are_found_with_the_data(submission: Submission, registry: Registry) -> None:
    content = submission.content
    content["dataset"]["train"] = 59
    submission.write(content)
    assert faults(check(submission.folder, registry)) == ["the task has 60 training images; the record says 59"]


def test_a_folder_without_records_is_an_error(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(ArtbenchError, match="no folder of records"):
        check(tmp_path, registry)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "records").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtbenchError, match="no folder of records"):
        check(tmp_path, registry)


def command(*words: object) -> tuple[int, str]:
    """Exit status and what goes to stdout."""
    plugins = [word for plugin in PLUGINS for word in ("--plugin", str(plugin))]
    arguments = ["leaderboard", *map(str, words), *plugins]
    result = CliRunner().invoke(artbench, arguments, catch_exceptions=False, standalone_mode=False)
    return result.return_value, result.stdout


def test_the_command_ends_with_one_clear_line_and_its_status_says_what_it_found(submission: Submission) -> None:
    status, shown = command("check", submission.folder)
    assert (status, shown.splitlines()[-1]) == (0, "1 record, compared with the data of toy: no faults, 1 notice.")
    content = submission.content
    content["metrics"]["accuracy"]["value"] = 1.0
    submission.write(content)
    (submission.file.parent / "\x1b[31m[bold]x.pkl").write_bytes(b"")
    status, shown = command("check", submission.folder)
    assert status == 1
    assert "\x1b" not in shown
    assert r"toy-colour/\x1b[31m[bold]x.pkl" in shown.splitlines()
    assert shown.splitlines()[-1].endswith("2 faults, 1 notice.")
    status, shown = command("check", submission.folder, "--json")
    found = json.loads(shown)
    assert (status, found["faults"], found["notices"], found["compared"]) == (1, 2, 1, ["toy"])
    assert {finding["severity"] for finding in found["findings"]} == {"fault", "notice"}
    assert all(finding["mend"] for finding in found["findings"])
