"""`artbench data check`: what people and scripts get to see, and what is kept."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from artbench.audit.image_index import ImageFingerprint, fingerprint_image
from artbench.cli.data import data
from artbench.errors import ArtbenchError, UsageError
from tests.support.plugins import TOY


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the toy dataset that may be spoilt."""
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    assert check().exit_code == 0
    shutil.copytree(tmp_path / "cache" / "datasets" / "toy-1", tmp_path / "toy")
    return tmp_path / "toy"


def check(*words: str) -> Result:
    command = ["check", "toy", "--plugin", str(TOY), *words]
    return CliRunner().invoke(data, command, standalone_mode=False, catch_exceptions=True)


def status(result: Result) -> int:
    assert result.exception is None, result.exception
    return int(result.return_value)


def test_a_sound_dataset_is_reported_in_a_table(toy: Path) -> None:
    result = check()
    assert status(result) == 0
    assert "toy: 90 images" in result.stdout
    assert "toy-colour     60" in result.stdout


def test_what_is_missing_broken_or_there_twice_is_in_the_json_and_the_status_says_so(toy: Path) -> None:
    (toy / "003.png").write_bytes(b"")
    (toy / "004.png").write_bytes((toy / "004.png").read_bytes()[:500])
    (toy / "005.png").unlink()
    (toy / "007.png").write_bytes((toy / "006.png").read_bytes())
    result = check("--data", f"toy={toy}", "--json")
    assert status(result) == 1
    (entry,) = json.loads(result.stdout)
    assert entry["undecodable"].keys() == {"003.png", "004.png"}
    assert "empty" in entry["undecodable"]["003.png"]
    assert (entry["pictures"], entry["repeated"], entry["sound"]) == (89, 2, False)
    colour = next(task for task in entry["tasks"] if task["name"] == "toy-colour")
    assert (colour["missing"], colour["partial"]) == (1, True)
    assert colour["rows"] == {"train": 59, "test": 30}


def test_only_what_has_changed_is_looked_at_again(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What was written a moment ago is not trusted, as it may be written again within the same tick of the clock.
    monkeypatch.setattr("artbench.data.contents._GRAIN", 0)
    status(check("--data", f"toy={toy}"))
    (toy / "010.png").write_bytes(b"no image")
    looked: list[bytes] = []

    def look(content: bytes) -> ImageFingerprint:
        looked.append(content)
        return fingerprint_image(content)

    monkeypatch.setattr("artbench.audit.image_index.fingerprint_image", look)
    result = check("--data", f"toy={toy}")
    assert looked == [b"no image"]
    assert "010.png: not a JPEG" in result.stdout


def test_a_damaged_survey_is_begun_anew(toy: Path, tmp_path: Path) -> None:
    for file in (tmp_path / "cache" / "surveys").iterdir():
        file.write_bytes(b"no database" * 1000)
    assert status(check()) == 0


def test_a_picture_that_may_not_be_read_is_named_and_tried_again(toy: Path) -> None:
    (toy / "001.png").unlink()
    (toy / "001.png").symlink_to("/proc/self/mem")
    first = check("--data", f"toy={toy}", "--json")
    assert "001.png" in json.loads(first.stdout)[0]["undecodable"]


def test_bad_names_and_folders_are_reported_in_one_line(toy: Path) -> None:
    wrong = CliRunner().invoke(data, ["check", "tyo", "--plugin", str(TOY)], standalone_mode=False)
    assert isinstance(wrong.exception, UsageError)
    assert "The nearest: toy" in str(wrong.exception)
    absent = check("--data", "toy=no/such/place")
    assert isinstance(absent.exception, ArtbenchError)
    assert "no folder at no/such/place" in str(absent.exception)


def test_a_cache_that_cannot_be_written_is_reported(toy: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "cache" / "surveys")
    (tmp_path / "cache" / "surveys").write_text("a file where a folder should be")
    result = check()
    assert isinstance(result.exception, ArtbenchError)
    assert "ARTBENCH_CACHE" in str(result.exception)
