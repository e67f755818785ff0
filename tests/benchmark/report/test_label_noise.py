"""Images that look mislabelled, side by side in a report, whatever their names hold."""

import json
from html import escape
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.data.exclusion import read_exclusions
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.records.publishing import publish
from artbench.runtime.progress import Silent
from tests.support.plugins import TOY
from tests.support.results import chances, put

HOSTILE = "089 <img src=x onerror=alert(1)>&'.png"
# What is painted in the images that are labelled otherwise: the last of the 30 test images, and another.
WRONG = {HOSTILE, "070.png"}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dataset `toy` with a hostile name, and results of three encoders that recognise every image."""
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ARTBENCH_PLUGINS", "")
    folder = tmp_path / "toy"
    folder.mkdir()
    names = [HOSTILE if number == 89 else f"{number:03}.png" for number in range(90)]
    true = np.arange(90, dtype=np.int64) % 3
    lines = []
    for name, colour in zip(names, true.tolist(), strict=True):
        Image.new("RGB", (64, 48), tuple(200 if k == colour else 20 for k in range(3))).save(folder / name)
        lines.append(f'"{name}",{(colour + 1) % 3 if name in WRONG else colour}\n')
    (folder / "labels.csv").write_text("".join(lines))
    ((task,),) = open_tasks(
        ["toy-colour"],
        registry=load_plugins([TOY], only=""),
        paths=DatasetPaths(by_name={"toy": folder}),
        allow_partial=False,
        reporter=Silent(),
    )
    for number in range(3):
        put(
            ResultsFolder(tmp_path / "results"),
            f"net{number}",
            task.targets.test.labels,
            chances(true[60:], 3),
            images=names[60:],
            task="toy-colour",
            dataset={"fingerprint": task.listing, "train": 60},
            encoder={"weights_sha256": f"{number:064x}"},
        )
    return folder


def report(toy: Path, *words: str, results: str = "results") -> Result:
    place = toy.parent
    given = ["report", "--results", str(place / results), "--out", str(place / "report"), "--plugin", str(TOY)]
    given += ["--without", "gradcam", "--without", "map", "--without", "filters", "--dpi", "50"]
    return CliRunner().invoke(artbench, [*given, *words])


def text_of(toy: Path) -> str:
    return " ".join((toy.parent / "report" / "tasks" / "toy-colour.html").read_text().split())


def test_images_stand_beside_others_of_both_classes_and_names_stay_text(toy: Path) -> None:
    made = report(toy, "--data", f"toy={toy}")
    assert made.exit_code == 0, made.output
    assert "labels to look at of toy-colour: made" in made.stdout
    text = text_of(toy)
    assert "2 of 30 test images look mislabelled to most of net0, random; net1, random; net2, random" in text
    assert "<img src=x" not in text
    assert escape(HOSTILE, quote=False).replace("'", "&#39;") in text
    (folder,) = (toy.parent / "report" / "figures").rglob("labels.*/")
    for card in json.loads((folder / "labels.json").read_text())["cards"]:
        # 200 in the channel of the colour: the image shows what is suggested, not its label.
        brightest = [int(np.asarray(Image.open(folder / name)).mean(axis=(0, 1)).argmax()) for name in (
            card["file"], card["beside"][0][2], card["beside"][1][2])]  # fmt: skip
        assert brightest[0] == brightest[2] != brightest[1]
    assert read_exclusions(folder / "labels.csv").images == {("toy", "test"): WRONG}


def test_published_records_show_the_same_images(toy: Path) -> None:
    source, target = (ResultsFolder(toy.parent / name) for name in ("results", "published"))
    for record in source.records(Silent()):
        publish(record, source, target)
    assert report(toy, "--data", f"toy={toy}", results="published").exit_code == 0
    (folder,) = (toy.parent / "report" / "figures").rglob("labels.*/")
    assert read_exclusions(folder / "labels.csv").images == {("toy", "test"): WRONG}


def test_without_the_data_or_predictions_the_reason_is_on_the_page(toy: Path) -> None:
    (toy / "070.png").unlink()
    Image.new("RGB", (64, 48)).save(toy / "070.png", compress_level=0)
    made = report(toy, "--data", f"toy={toy}")
    assert made.exit_code == 0
    assert "labels to look at of toy-colour: left out" in made.stdout
    assert "in another state here" in text_of(toy)
    for file in (toy.parent / "results" / "records" / "toy-colour").glob("net1.*.parquet"):
        file.unlink()
    assert report(toy, "--data", f"toy={toy}").exit_code == 0
    assert "its predictions are missing" in text_of(toy)


def test_an_image_that_cannot_be_read_leaves_its_place_empty(toy: Path) -> None:
    file = toy / "070.png"
    file.write_bytes(bytes(file.stat().st_size))
    assert report(toy, "--data", f"toy={toy}").exit_code == 0
    assert text_of(toy).count("no image to show") == 1


def test_one_network_alone_is_not_asked(toy: Path) -> None:
    for number in (1, 2):
        for file in (toy.parent / "results" / "records" / "toy-colour").glob(f"net{number}.*"):
            file.unlink()
    made = report(toy, "--data", f"toy={toy}", "--json")
    assert json.loads(made.stdout)["parts"] == []
    assert "Labels to look at" not in text_of(toy)
