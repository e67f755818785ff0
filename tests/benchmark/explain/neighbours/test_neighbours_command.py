"""`artbench explain neighbours`: by an id, by a file, and what it refuses."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.support.plugins import SEEN, TOY


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the results of a network on two tasks, and the cache."""
    folder = tmp_path_factory.mktemp("neighbours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        request = RunRequest(
            backbones=["toy-patches"],
            pretrainings=["random"],
            tasks=["toy-colour", "seen-year"],
            results=folder / "results",
            device="cpu",
        )
        assert not run(request, registry=load_plugins([TOY, SEEN]), reporter=Silent()).failures
        yield folder


def neighbours(place: Path, out: Path, *words: str, task: str = "toy-colour") -> Result:
    (record,) = (place / "results" / "records" / task).glob("*.json")
    given = ["explain", "neighbours", "--record", str(record), "--out", str(out)]
    plugged = ["--plugin", str(TOY), "--plugin", str(SEEN), "--dpi", "40", "--device", "cpu"]
    return CliRunner().invoke(artbench, [*given, *plugged, *words])


def test_the_nearest_of_an_id_are_other_images_with_their_classes(place: Path, tmp_path: Path) -> None:
    done = neighbours(place, tmp_path, "--image", "004.png", "--image", "061.png", "--count", "7", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "neighbours.json").read_text())
    first, second = found["queries"]
    assert (first["true"], first["split"], second["split"]) == ("green", "train", "test")
    assert len(first["neighbours"]) == 7
    assert "004.png" not in [near["image"] for near in first["neighbours"]]
    cosines = [near["cosine"] for near in first["neighbours"]]
    assert cosines == sorted(cosines, reverse=True)
    with Image.open(tmp_path / first["file"]) as image:
        assert image.info["artbench-record"] == found["record"]
    with (tmp_path / "neighbours.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 14


def test_a_file_of_ones_own_that_is_in_the_dataset_finds_itself(place: Path, tmp_path: Path) -> None:
    (source,) = (place / "cache").rglob("004.png")
    mine = tmp_path / "mine $x$ <b>.png"
    mine.write_bytes(source.read_bytes())
    done = neighbours(place, tmp_path / "out", "--image", str(mine), "--json")
    assert done.exit_code == 0, done.output
    (asked,) = json.loads(done.stdout)["queries"]
    assert asked["neighbours"][0]["image"] == "004.png"
    assert asked["neighbours"][0]["cosine"] == pytest.approx(1, abs=1e-3)


def test_a_name_that_holds_an_escape_sequence_does_not_act(place: Path, tmp_path: Path) -> None:
    (source,) = (place / "cache").rglob("004.png")
    mine = tmp_path / "red \x1b[31m.png"
    mine.write_bytes(source.read_bytes())
    done = neighbours(place, tmp_path / "out", "--image", str(mine), "--count", "1")
    assert done.exit_code == 0, done.output
    assert "red ?[31m.png" in done.stdout


def test_years_and_the_cosine_by_chance_are_printed(place: Path, tmp_path: Path) -> None:
    done = neighbours(place, tmp_path, "--image", "004.png", "--count", "100", task="seen-year")
    assert done.exit_code == 0, done.output
    assert "004.png: 1601" in done.stdout
    # All others, each on a line.
    assert len(done.stdout.splitlines()) == 90
    assert "drawn at random" in " ".join(done.stderr.split())


def test_bad_input_is_one_line_that_says_what_and_what_to_do(place: Path, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("not an image")
    cases = {
        "004.pn": "Did you mean 004.png",
        str(tmp_path / "no.png"): "can't be read",
        str(tmp_path): "can't be read",
    }
    for image, message in cases.items():
        done = neighbours(place, tmp_path / "out", "--image", image)
        assert isinstance(done.exception, (ArtbenchError, click.ClickException)), done.exception
        assert message in str(done.exception)
        assert done.stdout == ""
    assert neighbours(place, tmp_path / "out").exit_code == 2
