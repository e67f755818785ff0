"""`artbench explain map`, from a record to figure, page and tables, and what it refuses."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.map.layout import lay_out
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.publishing import publish
from artbench.runtime.progress import Silent
from tests.benchmark.explain.map.bundles import POINTS, together
from tests.support.plugins import SEEN, TOY

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the results of a network on three tasks, and the cache."""
    folder = tmp_path_factory.mktemp("map")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        request = RunRequest(
            backbones=["toy-patches"],
            pretrainings=["random"],
            tasks=["toy-colour", "toy-traits", "seen-year"],
            results=folder / "results",
            device="cpu",
        )
        assert not run(request, registry=plugins(), reporter=Silent()).failures
        yield folder


def plugins() -> Registry:
    return load_plugins([TOY, SEEN])


def record(place: Path, task: str = "toy-colour") -> Path:
    (found,) = (place / "results" / "records" / task).glob("*.json")
    return found


def map_(file: Path, out: Path, *words: str) -> Result:
    given = ["explain", "map", "--record", str(file), "--out", str(out), "--plugin", str(TOY), "--plugin", str(SEEN)]
    return CliRunner().invoke(artbench, [*given, "--dpi", "40", "--device", "cpu", *words])


@pytest.fixture(scope="module")
def drawn(place: Path) -> tuple[Result, Path]:
    """The output of a run with UMAP, and the folder of its files."""
    return map_(record(place), place / "out", "--json"), place / "out"


def test_a_run_writes_a_figure_a_page_and_tables_and_says_how_far_to_trust_them(drawn: tuple[Result, Path]) -> None:
    done, out = drawn
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found == json.loads((out / "map.json").read_text())
    assert (found["pictures"], found["layout"]["method"]) == (30, "umap")
    assert 0 < found["faithfulness"]["trustworthiness"] <= 1
    with Image.open(out / "map.png") as image:
        assert image.info["artbench-record"] == found["record"]
        assert "UMAP" in image.info["artbench-layout"]
    assert "trustworthiness" in (out / "map.html").read_text()


def test_the_table_holds_every_image_with_its_class_and_prediction(drawn: tuple[Result, Path]) -> None:
    done, out = drawn
    with (out / "map.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [f"{number:03}.png" for number in range(60, 90)]
    assert {row["true"] for row in rows} == {"red", "green", "blue"}
    assert sum(row["correct"] == "false" for row in rows) == json.loads(done.stdout)["wrong"]


def test_the_same_seed_gives_the_same_bytes(place: Path, drawn: tuple[Result, Path], tmp_path: Path) -> None:
    _, out = drawn
    assert map_(record(place), tmp_path).exit_code == 0
    for file in out.iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name


def test_umap_keeps_bundles_apart_and_repeats() -> None:
    # In this file, because UMAP is compiled anew in every process that uses it, which takes many seconds.
    layout = lay_out(POINTS, method="umap", seed=3)
    np.testing.assert_array_equal(layout.places, lay_out(POINTS, method="umap", seed=3).places)
    assert np.abs(layout.places).max() == pytest.approx(1)
    assert together(layout.places) > 0.95
    # 30 images have no more than 29 components, and the caption says so.
    few = lay_out(POINTS[:30], method="umap", seed=3)
    assert few.dimensions == 29
    assert "first 29 principal components" in few.how


def test_without_umap_principal_components_are_shown_with_a_notice(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    done = map_(record(place), tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "umap-learn is not installed" in done.stderr
    assert "first two principal components" in done.stdout
    asked = map_(record(place), tmp_path / "out", "--layout", "umap")
    assert asked.stdout == ""
    assert "artbench[map]" in str(asked.exception)


@pytest.mark.parametrize(("task", "told"), [("toy-traits", "label that most"), ("seen-year", "by year")])
def test_labels_and_years_are_coloured_too(place: Path, tmp_path: Path, task: str, told: str) -> None:
    done = map_(record(place, task), tmp_path, "--layout", "pca")
    assert done.exit_code == 0, done.output
    assert told in done.stdout
    assert (tmp_path / "map.png").is_file()


def test_a_page_holds_no_more_images_than_asked_for_and_says_so(place: Path, tmp_path: Path) -> None:
    done = map_(record(place), tmp_path, "--layout", "pca", "--pictures", "10", "--class", "red")
    assert done.exit_code == 0, done.output
    assert "10 of the 30 images" in done.stderr
    page = (tmp_path / "map.html").read_text()
    assert "This page holds 10 of the 30 images" in page
    assert page.count("data:image/webp;base64,") == 10
    with (tmp_path / "map.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 30


def test_a_published_record_whose_ids_are_digests_is_mapped_too(place: Path, tmp_path: Path) -> None:
    given = publish(read_record(record(place)), ResultsFolder(place / "results"), ResultsFolder(tmp_path / "given"))
    assert map_(given, tmp_path / "out", "--layout", "pca").exit_code == 0


def refusal(done: Result) -> str:
    assert isinstance(done.exception, (ArtbenchError, click.ClickException)), done.exception
    assert done.stdout == ""
    return str(done.exception)


def test_bad_input_is_one_line_that_says_what_and_what_to_do(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "Did you mean blue" in refusal(map_(record(place), out, "--class", "Blu"))
    assert "has no classes" in refusal(map_(record(place, "seen-year"), out, "--class", "1650"))
    assert "there is no record" in refusal(map_(tmp_path / "none.json", out))
    (tmp_path / "taken").write_text("")
    assert "can't be written" in refusal(map_(record(place), tmp_path / "taken" / "out"))
    assert map_(record(place), out, "--pictures", "0").exit_code == 2
