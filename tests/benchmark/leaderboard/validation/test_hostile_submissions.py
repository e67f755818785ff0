"""What a submission makes the machine of its checker do: nothing beyond reading its own files, in bounded memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from artbench.data.folders import DatasetPaths
from artbench.errors import UsageError
from artbench.explain.sources import Sources, check_sources
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from tests.support.opened_files import opened_files, outside

ROOT = Path(__file__).resolve().parents[4]
RELEASED = ROOT / "tests" / "released" / "artbench-0.1.0"


def submitted(folder: Path, *, of: str = "sample-style/tf_*", **changes: object) -> Path:
    """A real record with its predictions, changed, under the name that this asks for."""
    (real,) = (RELEASED / "records").glob(f"{of}.json")
    changed = Record.model_validate(json.loads(real.read_text()) | changes)
    file = ResultsFolder(folder).file_of(changed)
    file.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".parquet", ".classes.parquet", ".confusion.parquet"):
        file.with_suffix(suffix).write_bytes(real.with_suffix(suffix).read_bytes())
    file.write_text(json.dumps(changed.as_json(), indent=1))
    return file


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "works.csv").write_text("path,salary\na.jpg,1\n")
    return folder


@pytest.mark.parametrize("name", ["collection:{}", "collection:{}/works.csv:nope", "artbench:collection:{}/works.csv"])
def test_the_task_of_a_record_is_no_path_of_the_checker(tmp_path: Path, private: Path, name: str) -> None:
    file = submitted(tmp_path / "results", task=name.format(private))
    registry = load_plugins(only="")
    with opened_files() as opened:
        report = check_records(tmp_path / "results", registry=registry, paths=DatasetPaths(), reporter=Silent())
        with pytest.raises(UsageError, match=r"a record does not hold the path of a collection|no task is called"):
            check_sources(file, Sources(), registry=registry)
    # An unknown name is answered with the nearest, which are in the cache.
    assert outside(opened, tmp_path / "results", cache_folder() / "names") == []
    assert not any("salary" in finding.message for finding in report.findings)
    assert any("no installed plugin has the task" in finding.message for finding in report.findings)


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_a_record_that_takes_too_much_memory_is_a_fault_and_others_are_checked(tmp_path: Path) -> None:
    # Not of `sample`, which the check would paint, if it is not there, to compare them with it.
    one = "wikiart-style/resnet18.*"
    (real,) = (RELEASED / "records").glob(f"{one}.json")
    data = json.loads(real.read_text())["dataset"]
    # As many classes as make the matrix of images and classes too large for the limit.
    submitted(tmp_path / "results", of=one, backbone="huge", dataset=data | {"classes": 100_000})
    submitted(tmp_path / "results", of=one)
    # In a process of its own: the limit is on what the process takes beyond what it has already.
    words = [
        sys.executable,
        "-m",
        "tests.support.check_command",
        str(tmp_path / "results"),
        "--memory",
        "300",
        "--json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    report, took = json.loads(done.stdout), json.loads(done.stderr.splitlines()[-1])
    # What builds encoders is in a process that ends before tables are read.
    assert took["libraries"] == []
    assert took["megabytes"] < 600
    assert not any(
        "it is not known here" in other["what"] and "resnet18" in other["what"] for other in report["unchecked"]
    )
    assert report["records"] == 1
    blamed = {finding["file"] for finding in report["findings"] if "MB" in finding["what"]}
    assert [name.split(".")[0] for name in blamed] == ["wikiart-style/huge"]
    assert any("takes more than 300.0 MB" in finding["what"] for finding in report["findings"])
