"""`artbench leaderboard export` and `publish` as people call them."""

import csv
import io
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError, UsageError

PUBLISHED = Path(__file__).resolve().parents[3] / "leaderboards"


def command(*words: object) -> Result:
    return CliRunner().invoke(artbench, ["leaderboard", *map(str, words)], catch_exceptions=False)


def test_text_goes_to_stdout_and_a_model_card_is_of_one_encoder() -> None:
    only = ("--results", PUBLISHED, "--backbone", "resnet18", "--task", "sample-style")
    table = command("export", "--format", "csv", *only)
    assert table.exit_code == 0
    assert [row["backbone"] for row in csv.DictReader(io.StringIO(table.stdout))] == ["resnet18"]
    with pytest.raises(UsageError, match="Say which with --backbone and --pretraining"):
        command("export", "--format", "model-card", "--results", PUBLISHED, "--task", "sample-style")


def test_one_text_is_written_at_a_time() -> None:
    with pytest.raises(UsageError, match=r"^neither --format nor --methods is given") as nothing:
        command("export", "--results", PUBLISHED)
    assert nothing.value.mend == "Give --format csv|parquet|latex|model-card, or --methods"
    with pytest.raises(UsageError, match=r"^--format latex and --methods are two texts") as both:
        command("export", "--results", PUBLISHED, "--format", "latex", "--methods")
    assert both.value.mend == "Leave one of them out"


@pytest.mark.parametrize("kind", [["--methods"], ["--format", "latex"]])
def test_a_paper_is_told_which_encoders_were_left_out(kind: list[str]) -> None:
    only = ("--results", PUBLISHED, "--backbone", "resnet18", "--task", "sample-style")
    filtered = command("export", *kind, *only, "--seen", "clean").stdout
    assert "Only encoders known not to have been trained on test images (clean) are shown" in filtered
    assert "Only encoders" not in command("export", *kind, *only).stdout


def test_parquet_needs_a_file_and_records_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out"):
        command("export", "--format", "parquet", "--results", PUBLISHED)
    with pytest.raises(ArtbenchError, match="no such records"):
        command("export", "--format", "csv", "--results", tmp_path)
    out = tmp_path / "x.parquet"
    only = ("--results", PUBLISHED, "--backbone", "resnet18")
    assert command("export", "--format", "parquet", *only, "--out", out).exit_code == 0
    assert len(pq.read_table(out)) == len(list(PUBLISHED.glob("records/*/resnet18.*.json")))


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to(os.devnull)
    for name in ("pipe", "device"):
        failed = command("export", "--methods", "--results", PUBLISHED, "--out", tmp_path / name)
        assert failed.exit_code == 2
        assert f"{name} is a device or a pipe" in failed.output
        assert not (tmp_path / name).is_file()


def test_publishing_twice_changes_nothing_and_leaves_the_source_alone(tmp_path: Path) -> None:
    source = tmp_path / "results"
    for file in (PUBLISHED / "records" / "sample-style").glob("resnet18.*"):
        (source / "records" / "sample-style").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, source / "records" / "sample-style" / file.name)
    before = {file: file.read_bytes() for file in source.rglob("*.*")}
    first = command("publish", "--results", source, "--out", tmp_path / "given")
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1].endswith(".json")
    given = {file: file.read_bytes() for file in (tmp_path / "given").rglob("*.*")}
    assert len(given) == len(before)
    again = command("publish", "sample-style", "--results", tmp_path / "given", "--out", tmp_path / "given")
    assert again.exit_code == 0
    assert {file: file.read_bytes() for file in (tmp_path / "given").rglob("*.*")} == given
    assert {file: file.read_bytes() for file in source.rglob("*.*")} == before
