"""What a record was made from is looked for before anything heavy is imported, by all commands alike."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.records import record

HEAVY = {"torch", "torchvision", "timm", "sklearn", "scipy", "matplotlib"}
COMMANDS = [["gradcam"], ["map"], ["neighbours", "--image", "mine.jpg"]]


def refused(command: list[str], file: Path, *words: str) -> str:
    """What a command says that is refused; it must not have imported what takes seconds."""
    given = ["explain", *command, "--record", str(file), "--out", str(file.parent / "out"), *words]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "artbench", *given], capture_output=True, text=True
    )
    lines = done.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines if "|" in line}
    assert "artbench" in imported
    assert not imported & HEAVY
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    (said,) = (line for line in lines if line.startswith("artbench: "))
    return said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record(task="wikiart-style", pretraining="random").as_json()))
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_record_whose_data_are_not_here_is_refused_at_once(command: list[str], file: Path) -> None:
    assert "wikiart: nothing says where its pictures are. Give --data wikiart=DIR" in refused(command, file)


def test_so_are_a_folder_that_is_not_there_an_unknown_dataset_and_a_missing_checkpoint(file: Path) -> None:
    folder = file.parent
    assert "no folder at" in refused(["map"], file, "--data", f"wikiart={folder / 'none'}")
    assert "no dataset is called 'wikart'" in refused(["map"], file, "--data", f"wikart={folder}")
    assert "no checkpoint at" in refused(["map"], file, "--pretraining", str(folder / "none.pt"))
    trained = record(task="wikiart-style", pretraining="moco", encoder={"checkpoint_sha256": "0" * 64})
    file.write_text(json.dumps(trained.as_json()))
    assert "Give it as --pretraining PATH" in refused(["map"], file, "--data", f"wikiart={folder}")
