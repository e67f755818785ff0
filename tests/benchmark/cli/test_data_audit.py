"""`artbench data audit`: planted twins found, in a report that can be shown, a list that `run` takes, and on record."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import save_file

from artbench.cli.data import data
from artbench.data.exclusion import read_exclusions
from artbench.data.folders import DatasetPaths
from artbench.data.pool import Manifest, PoolPart
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from artbench_sample.paint import paint_collection
from tests.benchmark.audit.painted import blobs
from tests.plugins.artbench_collection.museum import write_table
from tests.support.pages import on_a_phone, open_page, wait_until_it_fits
from tests.support.plugins import TOY

HOSTILE = "0<script>alert(1)</script>&.png"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy dataset with structure in its images, twins across its split, and a name that is an attack."""
    import numpy as np

    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "toy"
    folder.mkdir()
    random = np.random.default_rng(1)
    labels = []
    for number in range(90):
        coarse = random.integers(0, 255, (5, 5, 3)).astype(np.uint8)
        name = HOSTILE.replace("/", "") if number == 0 else f"{number:03}.png"
        Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC).save(folder / name)
        labels.append(f"{name},{number % 3}\n")
    (folder / "labels.csv").write_text("".join(labels))
    first = HOSTILE.replace("/", "")
    shutil.copy(folder / first, folder / "070.png")
    with Image.open(folder / "010.png") as image:
        image.crop((4, 3, 92, 77)).save(folder / "080.png")
    return folder


def audit(out: Path, *words: str) -> Result:
    return CliRunner().invoke(
        data, ["audit", "toy", "--plugin", str(TOY), "--out", str(out), *words], standalone_mode=False
    )


def test_twins_across_the_split_are_found_reported_and_left_out(toy: Path, tmp_path: Path) -> None:
    out = tmp_path / "report <&"
    result = audit(out, "--data", f"toy={toy}", "--json")
    assert result.exception is None, result.exception
    found = json.loads(result.stdout)
    assert (found["twins"], found["leaking_pairs"]) == (2, 2)
    assert {leak["task"]: leak["twins"] for leak in found["leaks"]} == {"toy-colour": 2, "toy-traits": 2}
    page = (out / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("data:image/jpeg;base64,") == 4
    assert "same bytes" in page
    assert "**leak**" in (out / "report.md").read_text()
    exclusions = read_exclusions(out / "exclude.csv")
    assert exclusions.images == {("toy", "train"): {HOSTILE.replace("/", ""), "010.png"}}


def test_the_page_fits_a_telephone(toy: Path, tmp_path: Path, browser: Any) -> None:
    assert audit(tmp_path, "--data", f"toy={toy}").exception is None
    open_page(browser, (tmp_path / "report.html").as_uri())
    with on_a_phone(browser):
        wait_until_it_fits(browser)


def test_a_record_made_after_an_audit_says_how_many_test_pictures_have_a_twin(toy: Path, tmp_path: Path) -> None:
    assert audit(tmp_path / "out", "--data", f"toy={toy}").exception is None
    request = RunRequest(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=["toy-colour"],
        results=tmp_path / "results",
        paths=DatasetPaths(by_name={"toy": toy}),
    )
    registry = load_plugins([TOY], only="")
    (result,) = run(request, registry=registry, reporter=Silent()).results
    twins = result.record.dataset.twins
    assert twins is not None
    assert (twins.test, twins.tiers) == (2, ("bytes", "hash"))
    from dataclasses import replace

    clean = replace(request, exclude=tmp_path / "out" / "exclude.csv")
    (result,) = run(clean, registry=registry, reporter=Silent()).results
    assert result.record.dataset.twins is not None
    assert result.record.dataset.twins.test == 0
    assert result.record.dataset.train == 58


def test_what_a_checkpoint_was_pretrained_on_is_compared_with_what_is_tested(toy: Path, tmp_path: Path) -> None:
    part = PoolPart(dataset="toy", fingerprint="0" * 64, tasks=(), held_out=0, images=("010.png", "020.png", "075.png"))
    folder = tmp_path / "moco"
    folder.mkdir()
    save_file({"w": torch.zeros(1)}, folder / "encoder.safetensors")
    Manifest((part,)).write(folder / "pool.json")
    result = audit(tmp_path / "out", "--data", f"toy={toy}", "--json", "--checkpoint", str(folder))
    assert result.exception is None, result.exception
    leaks = {leak["task"]: leak for leak in json.loads(result.stdout)["leaks"]}
    assert (leaks["toy-colour, pretrained by moco"]["same"], leaks["toy-colour, pretrained by moco"]["twins"]) == (1, 1)
    assert read_exclusions(tmp_path / "out" / "exclude.csv").images["toy", "test"] == {"075.png", "080.png"}


def test_a_checkpoint_that_does_not_say_is_refused(toy: Path, tmp_path: Path) -> None:
    save_file({"w": torch.zeros(1)}, tmp_path / "other.safetensors")
    result = audit(tmp_path / "out", "--data", f"toy={toy}", "--checkpoint", str(tmp_path / "other.safetensors"))
    assert isinstance(result.exception, ArtbenchError)
    assert "does not say which images" in str(result.exception)


def test_a_folder_that_cannot_be_written_is_reported(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = audit(tmp_path / "file" / "out", "--data", f"toy={toy}")
    assert isinstance(result.exception, ArtbenchError)
    assert "--out" in str(result.exception)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_of_the_24_twins_planted_in_sample_the_hashes_find_half_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "sample"
    folder.mkdir()
    paint_collection(folder)
    import csv

    from artbench.audit.workflow import audit_datasets

    findings = audit_datasets(
        ["sample"], registry=load_plugins(only=""), paths=DatasetPaths(by_name={"sample": folder}), reporter=Silent()
    )
    with (folder / "labels.csv").open() as file:
        planted = {frozenset((row["id"], row["duplicate_of"])) for row in csv.DictReader(file) if row["duplicate_of"]}
    ids = findings.datasets[0].ids
    found = {frozenset((ids[pair.first[1]], ids[pair.second[1]])) for pair in findings.pairs if pair.twins}
    assert len(planted) == 24
    assert found <= planted
    assert len(found) >= 11


def test_the_page_shows_what_the_owner_says_of_each_image(tmp_path: Path) -> None:
    rows = []
    for number in range(12):
        rows.append((f"{number}.png", "ab"[number % 2], f"Still <life> {number}"))
        blobs(number % 11).save(tmp_path / rows[-1][0])
    table = write_table(tmp_path / "works.csv", ("path", "style", "title"), rows)
    words = ["audit", f"collection:{table}", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(data, words, standalone_mode=False)
    assert result.exception is None, result.exception
    page, text = ((tmp_path / "out" / name).read_text() for name in ("report.html", "report.md"))
    for number, style in ((0, "a"), (11, "b")):
        assert f"style: {style}; title: Still &lt;life&gt; {number}<" in page
        assert "title: Still" in text
