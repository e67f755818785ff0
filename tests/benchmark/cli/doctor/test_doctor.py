"""The doctor names what gets in the way and how to mend it; nothing that it finds stops it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.doctor import doctor
from artbench.cli.doctor.examination import CHECKS, Environment, examine
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.runtime.findings import Finding


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))


def examined(*arguments: str) -> tuple[int, list[dict[str, str]]]:
    done = CliRunner().invoke(doctor, ["--offline", "--json", *arguments], standalone_mode=False)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return int(done.return_value or 0), found


def test_a_sound_installation_passes_and_absent_data_are_no_failure() -> None:
    status, found = examined()
    assert status == 0
    assert {row["status"] for row in found} <= {"PASS", "WARN", "SKIP"}
    assert {row["check"] for row in found} == set(CHECKS)
    by_name = {row["name"]: row for row in found}
    (absent,) = (row for row in found if row["status"] == "SKIP")
    assert absent["check"] == "datasets"
    assert "wikiart" in absent["message"]
    assert "--data NAME=DIR" in absent["mend"]
    assert by_name["sample"]["status"] == "PASS"


def test_a_folder_that_was_named_and_is_not_there_is_a_failure(tmp_path: Path) -> None:
    status, found = examined("--data", f"wikiart={tmp_path / 'nowhere'}", "--data-root", str(tmp_path))
    assert status == 1
    assert {row["name"]: row["status"] for row in found}["wikiart"] == "FAIL"
    (absent,) = (row for row in found if row["status"] == "SKIP")
    assert "imet-2019" in absent["message"]
    assert "wikiart," not in absent["message"]


def test_a_cache_that_can_not_be_written_fails_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "file"))
    status, found = examined()
    assert status == 1
    failures = [row for row in found if row["status"] == "FAIL"]
    assert failures
    assert all(row["mend"] for row in failures)


def test_a_broken_plugin_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise RuntimeError('no such thing')\n")
    _, found = examined("--plugin", str(tmp_path / "bad.py"))
    assert any("no such thing" in row["message"] for row in found if row["check"] == "plugins")


def test_a_check_that_raises_is_a_finding_and_the_others_are_made() -> None:
    def bad(environment: Environment) -> Iterator[Finding]:
        raise RuntimeError("torn\nin two")

    def sad(environment: Environment) -> Iterator[Finding]:
        raise ArtbenchError("it is not there", mend="Put it there")

    def good(environment: Environment) -> Iterator[Finding]:
        yield Finding(status="PASS", name="all", message="well", mend="")

    environment = Environment(registry=load_plugins(), offline=True)
    found = list(examine(environment, {"bad": bad, "absent": "no.such.module:check", "sad": sad, "good": good}))
    assert [(name, finding.status) for name, finding in found] == [
        ("bad", "FAIL"),
        ("absent", "FAIL"),
        ("sad", "FAIL"),
        ("good", "PASS"),
    ]
    assert "torn in two" in found[0][1].message
    assert found[2][1].mend == "Put it there"


def test_people_get_lines_that_grep_finds() -> None:
    done = CliRunner().invoke(doctor, ["--offline"], standalone_mode=False)
    assert "PASS  Python: " in done.stdout
    assert done.stdout.rstrip().endswith("0 failed.")
