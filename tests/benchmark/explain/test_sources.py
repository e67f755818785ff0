"""All commands report what is wrong before anything heavy is imported or anything is written."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from artbench.errors import UsageError
from artbench.explain.sources import CheckedRecord, Sources, check_probe
from artbench.records.folder import ResultsFolder
from artbench.records.own_probe import OwnProbeState
from artbench.records.parts import PromptsState
from artbench.records.predictions import StoredPredictions, TestPredictions
from artbench.stats.per_class import class_table
from tests.support.plugins import TOY
from tests.support.plugins.toy_plugin import paint
from tests.support.records import record

HEAVY = {"torch", "torchvision", "timm", "sklearn", "scipy", "matplotlib", "umap"}
CLASSES = ("Baroque", "Cubism", "Rococo", "Symbolism")
ON_RECORDS = [["gradcam"], ["map"], ["neighbours", "--image", "mine.jpg"]]

# Runs command lines one after the other, and says what each is refused with, and what was imported in all.
SCRIPT = """
import json, sys
from click.testing import CliRunner
from artbench.cli.main import artbench
said = []
for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(artbench, words)
    status = getattr(done.exception, "exit_status", done.exit_code)
    said.append([status, str(done.exception) if done.exit_code == 1 else done.stderr, done.stdout])
print(json.dumps([said, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def refusals(*commands: list[str]) -> list[tuple[int, str]]:
    """The exit status and message of each command, after a check that nothing heavy was imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(commands)], capture_output=True, text=True, check=True
    )
    said, imported = json.loads(done.stdout)
    assert not HEAVY & set(imported)
    assert all(status in (1, 2) and not stdout for status, _, stdout in said), said
    return [(status, words) for status, words, _ in said]


def written(folder: Path, **changes: Any) -> Path:
    """A record of `wikiart-style` with its predictions and its classes, the last of which no image has."""
    results = ResultsFolder(folder / "results")
    made = record(**{"task": "wikiart-style", "pretraining": "random", **changes})
    labels = np.arange(30) % 3
    outputs = np.eye(4, dtype=np.float32)[labels]
    table = class_table(outputs.astype(bool), outputs.astype(bool), classes=CLASSES)
    images = [f"{at}.jpg" for at in range(30)]
    results.write(made, TestPredictions(images=images, labels=labels, outputs=outputs), {"classes": table})
    return results.file_of(made)


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """The options that a command on a record needs."""
    (tmp_path / "wikiart").mkdir()
    return ["--record", str(written(tmp_path)), "--data-root", str(tmp_path), "--out", str(tmp_path / "out")]


def test_a_record_whose_data_are_not_here_is_refused_at_once(tmp_path: Path) -> None:
    given = ["--record", str(written(tmp_path)), "--out", str(tmp_path / "out")]
    for status, said in refusals(*(["explain", *command, *given] for command in ON_RECORDS)):
        assert "wikiart: nothing says where its images are. Give --data wikiart=DIR" in said
        assert status == 2


def test_a_plugin_that_was_uninstalled_is_named(tmp_path: Path) -> None:
    made = {"plugins": {"artbench": "0.2.0", "artbench-hog": "0.1.0"}}
    for changes in ({"task": "etchings-school"}, {"pretraining": "stripes"}):
        file = written(tmp_path, provenance=made, **changes)
        given = ["--record", str(file), "--data-root", str(tmp_path), "--out", str(tmp_path / "out")]
        ((status, said),) = refusals(["explain", "map", *given])
        assert "Install artbench-hog 0.1.0, which the record was made with" in said
        assert status == 2


def test_a_file_of_a_plugin_is_asked_for_as_it_was_given(tmp_path: Path) -> None:
    file = written(tmp_path, provenance={"plugins": {"artbench": "0.2.0", "mine.py": ""}}, task="etchings-school")
    ((status, said),) = refusals(["explain", "map", "--record", str(file), "--out", str(tmp_path / "out")])
    assert "Give --plugin mine.py, which the record was made with" in said
    assert status == 2


def test_a_missing_folder_an_unknown_dataset_and_a_missing_exclusion_list_are_refused(
    tmp_path: Path, given: list[str]
) -> None:
    left = str(written(tmp_path, pretraining="imagenet", dataset={"exclusion": _EXCLUSION}))
    spoilt = written(tmp_path, pretraining="art")
    spoilt.with_suffix(".parquet").unlink()
    map_ = ["explain", "map", *given]
    said = refusals(
        [*map_, "--data", f"wikiart={tmp_path / 'none'}"],
        [*map_, "--data", f"wikart={tmp_path}"],
        [*map_, "--record", left],
        [*map_, "--record", left, "--exclude", str(tmp_path / "none.csv")],
        [*map_, "--record", str(spoilt)],
    )
    wanted = ["no folder at", "no dataset is called 'wikart'", "--exclude FILE.csv", "none.csv", "Keep resnet18.art"]
    assert all(words in told for words, (_, told) in zip(wanted, said, strict=True)), said


_EXCLUSION = {"sha256": "e" * 64, "train": 1, "test": 0}


def test_the_message_on_a_moved_checkpoint_names_the_right_one(tmp_path: Path, given: list[str]) -> None:
    named = written(tmp_path, pretraining="moco", encoder={"checkpoint_sha256": "0" * 64})
    map_ = ["explain", "map", *given]
    away = ["--pretraining", str(tmp_path / "none.pt")]
    (_, none), (status, unsaid), (_, moved) = refusals(
        [*map_, *away], [*map_, "--record", str(named)], [*map_, "--record", str(named), *away]
    )
    assert "no checkpoint at" in none
    assert "The record's pretraining is random: leave --pretraining out" in none
    assert "Give it as --pretraining PATH" in unsaid
    assert status == 2
    assert "It should be moco, the file whose SHA-256 begins with 000000000000" in moved


def test_an_unknown_class_and_a_missing_image_are_refused_at_once(tmp_path: Path, given: list[str]) -> None:
    gradcam, map_ = (["explain", name, *given] for name in ("gradcam", "map"))
    (tmp_path / "no.png").write_text("not an image")
    Image.new("RGB", (80, 60)).save(tmp_path / "good.png")
    said = refusals(
        [*gradcam, "--class", "Roccoco"],
        [*map_, "--class", "Rococo", "--class", "Cubsm"],
        [*map_, "--class", "Symbolism"],
        [*gradcam, "--image", str(tmp_path / "good.png"), "--image", str(tmp_path / "no.png")],
        [*gradcam, "--image", str(tmp_path / "gone.png")],
    )
    wanted = ["Did you mean Rococo", "Did you mean Cubism", "no test image of wikiart-style is Symbolism"]
    wanted += ["no.png can't be read", "gone.png can't be read"]
    assert all(words in told for words, (_, told) in zip(wanted, said, strict=True)), said
    assert [status for status, _ in said] == [2, 2, 1, 1, 1]


def test_what_is_neither_a_file_nor_an_id_has_no_neighbours(tmp_path: Path) -> None:
    paint(tmp_path)
    where = ["--record", str(written(tmp_path, task="toy-colour")), "--data", f"toy={tmp_path}", "--plugin", str(TOY)]
    command = ["explain", "neighbours", *where, "--out", str(tmp_path / "out"), "--image"]
    (tmp_path / "no.png").write_text("not an image")
    (_, slip), (_, other), (_, spoilt) = refusals(
        [*command, "01.png"], [*command, "zz"], [*command, "010.png", "--image", str(tmp_path / "no.png")]
    )
    assert "01.png is neither a file nor an id of toy. Did you mean" in slip
    assert "zz is neither a file nor an id of toy. An id looks like" in other
    assert "no.png can't be read" in spoilt


def test_a_folder_that_can_not_be_written_is_refused_and_nothing_is_made_there(
    tmp_path: Path, given: list[str]
) -> None:
    (tmp_path / "taken").write_text("")
    for out in ("taken", "taken/out"):
        where = ["--out", str(tmp_path / out)]
        commands = [["explain", *command, *given, *where] for command in ON_RECORDS]
        report = ["report", "--results", str(tmp_path / "results"), *where]
        for _, said in refusals(*commands, report):
            assert "taken" in said
    assert (tmp_path / "taken").read_text() == ""
    assert refusals(["explain", "map", *given, "--class", "none", "--out", str(tmp_path / "new" / "deep")])
    assert not (tmp_path / "new").exists()


def test_bad_options_of_filter_pictures_are_refused_at_once(tmp_path: Path) -> None:
    filters = ["explain", "filters", "--pretraining", "random", "--backbone", "colour-histogram"]
    names = ("figure.pdf", "figure", "figure.jpg")
    commands = ([*filters, "--out", str(tmp_path / name)] for name in names)
    for name, (status, told) in zip(names, refusals(*commands), strict=True):
        assert f"{name} can't be written: figures are PNG" in told
        assert status == 2
    out = ["--out", str(tmp_path / "new" / "figure.PNG")]
    (tmp_path / "here").mkdir()
    said = refusals(
        [*filters, "--out", str(tmp_path / "here")],
        [*filters, *out, "--pretraining", "imagnet"],
        [*filters, *out, "--pretraining", str(tmp_path / "none.pt")],
        [*filters, *out, "--pretraining", "moco-v2"],
        [*filters, *out, "--examples", "wikiart"],
        [*filters, *out, "--units", "24", "--pretraining", "imagenet", "--pretraining", "none", "--dpi", "1200"],
    )
    wanted = ["is a directory", "no pretraining is called 'imagnet'", "no checkpoint at", "has to be trained first"]
    wanted += ["nothing says where its images are", "too large to draw. Give a lower --dpi, or fewer --units"]
    assert all(words in told for words, (_, told) in zip(wanted, said, strict=True)), said
    assert not (tmp_path / "new").exists()


def test_a_figure_that_would_be_too_large_is_refused_at_once(tmp_path: Path, given: list[str]) -> None:
    said = refusals(
        ["explain", "gradcam", *given, "--images", "200", "--dpi", "300"],
        ["explain", "neighbours", *given, "--image", "mine.jpg", "--count", "100", "--dpi", "1200"],
        ["report", "--results", str(tmp_path / "results"), "--out", given[-1], "--images", "200", "--dpi", "300"],
    )
    assert all("too large to draw. Give a lower --dpi" in told for _, told in said), said


def test_a_report_without_records_or_of_a_missing_record_is_refused_at_once(tmp_path: Path, given: list[str]) -> None:
    report = ["report", "--results", str(tmp_path / "results")]
    said = refusals(
        ["report", "--results", str(tmp_path / "empty"), "--out", given[-1]],
        [*report, "--out", str(tmp_path / "results")],
        [*report, "--out", given[-1], "--record", str(tmp_path / "none.json")],
        [*report, "--out", given[-1], "--pretraining", str(tmp_path / "none.pt")],
    )
    wanted = ["no records in", "is the folder of the results", "there is no record", "no checkpoint at"]
    assert all(words in told for words, (_, told) in zip(wanted, said, strict=True)), said
    assert not Path(given[-1]).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "r.json is a record of pictures compared with each other, which has no probe"),
        (
            {"prompts": PromptsState(sha256="d" * 64, templates=("{}.",))},
            "r.json is a record of pictures compared with texts, which has no probe",
        ),
        (
            {"own_probe": OwnProbeState(version=1, seed=0)},
            "r.json was made with the probe of linear-v1, of which no weights are kept",
        ),
    ],
)
def test_a_record_without_a_probe_is_refused_with_what_it_is(changes: dict[str, object], said: str) -> None:
    def checked(**fields: object) -> CheckedRecord:
        return CheckedRecord(
            file=Path("r.json"),
            record=record().model_copy(update=fields),
            predictions=cast("StoredPredictions", None),
            sources=Sources(),
            pretraining="random",
        )

    check_probe(checked())
    with pytest.raises(UsageError, match=said):
        check_probe(checked(probe=None, **changes))
