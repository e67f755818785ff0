"""`artbench predict` and `artbench.predict`: classes, labels and years, what is promised of them, what is refused."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import artbench
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.progress import Silent
from tests.support.command_line import CommandLine
from tests.support.plugins import JUDGED, SEEN, TOY
from tests.support.reporters import RecordingReporter
from tests.support.run_tasks import paint

pytestmark = pytest.mark.integration

PLUGINS = [TOY, JUDGED, SEEN]
TASKS = ("toy-colour", "toy-traits", "toy-year", "toy-clustered", "toy-splits")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with records of every kind of task, and the cache."""
    folder = tmp_path_factory.mktemp("predict")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        request = RunRequest(
            backbones=["toy-patches"], pretrainings=["random"], tasks=TASKS, results=folder / "results", device="cpu"
        )
        assert not run(request, registry=load_plugins(PLUGINS), reporter=Silent()).failures
        yield folder


def record(place: Path, task: str = "toy-colour") -> Path:
    (file,) = (place / "results" / "records" / task).glob("*.json")
    return file


def predict(place: Path, out: Path, *, task: str = "toy-colour", images: Any = "toy", **asked: Any) -> Any:
    return artbench.predict(record(place, task), images=images, out=out, plugins=PLUGINS, device="cpu", **asked)


@pytest.fixture(scope="module")
def colours(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """What is said of the toy's images with no more asked, and the table."""
    table = tmp_path_factory.mktemp("colours") / "labels.csv"
    return predict(place, table), table


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_answers_to_test_images_are_those_on_record(place: Path, colours: tuple[Any, Path]) -> None:
    done, table = colours
    stored = pq.read_table(record(place).with_suffix(".parquet")).to_pydict()
    found = {row["image"]: row for row in rows(table)}
    assert len(found) == done.pictures == done.answered == 90
    for image, number in zip(stored["image"], stored["prediction"], strict=True):
        assert found[image]["label"] == found[image]["guess"] == ("red", "green", "blue")[number]
        assert 0 <= float(found[image]["second_probability"]) <= float(found[image]["probability"]) <= 1
    about = json.loads(table.with_suffix(".about.json").read_text())
    assert about == done.as_json()
    right = np.mean(np.equal(stored["target"], stored["prediction"]))
    assert about["test"]["accuracy"]["value"] == pytest.approx(right)
    # The toy's training images are among them.
    assert (about["fitted_on"], about["calibrated_on"]) == (60, 60)


def test_a_precision_leaves_what_is_unsure_open(place: Path, colours: tuple[Any, Path], tmp_path: Path) -> None:
    done, _ = colours
    some = predict(place, tmp_path / "some.csv", images="toy", precision=0.8)
    chosen = some.facts["precision"]
    assert chosen["right"] / chosen["answered"] > 0.8
    assert some.answered <= done.answered
    for row in rows(tmp_path / "some.csv"):
        sure = float(row["probability"]) >= round(chosen["threshold"], 4)
        assert (row["status"], row["label"]) == (("answer", row["guess"]) if sure else ("don't know", ""))
    test = some.facts["test"]
    low, high = test["precision"]["ci95"]
    assert test["answered"] <= test["images"] == 30
    assert low <= test["precision"]["value"] <= high


def test_what_cannot_be_promised_is_refused_with_what_can(place: Path, tmp_path: Path) -> None:
    with pytest.raises(artbench.ArtbenchError, match=r"no threshold keeps 0.99 ") as raised:
        predict(place, tmp_path / "labels.csv", precision=0.99)
    assert not (tmp_path / "labels.csv").exists()
    (best,) = (float(word) for word in raised.value.mend.split() if word[0] == "0")
    assert predict(place, tmp_path / "labels.csv", precision=best).answered


def test_each_label_has_its_own_threshold(place: Path, tmp_path: Path) -> None:
    done = predict(place, tmp_path / "labels.csv", task="toy-traits")
    kept = predict(place, tmp_path / "kept.csv", task="toy-traits", precision=0.75)
    thresholds = kept.facts["precision"]["thresholds"]
    assert set(thresholds) <= {"warm", "not green"}
    for row in rows(tmp_path / "kept.csv"):
        given = (
            dict(zip(row["labels"].split(";"), row["probabilities"].split(";"), strict=True)) if row["labels"] else {}
        )
        assert all(float(value) >= round(thresholds[name], 4) for name, value in given.items())
        assert row["status"] == ("answer" if given else "don't know")
        assert row["next_label"] not in given
    assert done.facts["separator"] == ";"
    assert 0 < done.facts["test"]["recall"] <= 1
    assert done.facts["test"]["precision"]["value"] > 0.5


def test_years_have_intervals_that_hold_them(place: Path, tmp_path: Path) -> None:
    done = predict(place, tmp_path / "years.csv", task="toy-year", coverage=0.8)
    truth = {f"{number:03}.png": 1600 + 100 * (number % 3) + number % 7 for number in range(90)}
    found = rows(tmp_path / "years.csv")
    inside = [float(row["from"]) <= truth[row["image"]] <= float(row["to"]) for row in found]
    assert np.mean(inside[60:]) == pytest.approx(done.facts["test"]["coverage"]["value"])
    assert all(float(row["from"]) < float(row["year"]) < float(row["to"]) for row in found)
    wider = predict(place, tmp_path / "wider.csv", task="toy-year", coverage=0.95)
    assert wider.facts["coverage"]["margin"] > done.facts["coverage"]["margin"]
    with pytest.raises(artbench.ArtbenchError, match="take more than the 60 images"):
        predict(place, tmp_path / "all.csv", task="toy-year", coverage=0.999)


def test_groups_and_rounds_are_those_of_the_record(place: Path, colours: tuple[Any, Path], tmp_path: Path) -> None:
    done = predict(place, tmp_path / "labels.csv", task="toy-clustered")
    # An interval of a few painters is wider than one of as many images.
    low, high = done.facts["test"]["accuracy"]["ci95"]
    alone = colours[0].facts["test"]["accuracy"]
    assert high - low > alone["ci95"][1] - alone["ci95"][0]
    assert predict(place, tmp_path / "first.csv", task="toy-splits").facts["test"]["images"] in (42, 48)


def test_a_folder_with_broken_files_names_them(place: Path, tmp_path: Path, command_line: CommandLine) -> None:
    pictures = tmp_path / "images"
    for number in range(5):
        paint(pictures / "Côté" / f"=cmd {number}.png", number, size=64)
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (pictures / "empty.png").write_bytes(b"")
    words = ["predict", "--record", str(record(place)), "--images", str(pictures), "--out", str(tmp_path / "l.csv")]
    words += [word for plugin in PLUGINS for word in ("--plugin", str(plugin))]
    done = command_line(*words, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "5 of 7 pictures have an answer, 2 can't be read" in done.stdout
    assert "broken.jpg" in done.stderr
    found = rows(tmp_path / "l.csv")
    assert [row["status"] for row in found] == ["answer"] * 5 + ["unreadable"] * 2
    assert found[5]["image"] == "broken.jpg"
    assert found[5]["label"] == found[5]["probability"] == ""
    about = json.loads((tmp_path / "l.about.json").read_text())
    assert [one["image"] for one in about["unreadable"]] == ["broken.jpg", "empty.png"]
    assert str(tmp_path) not in json.dumps(about)
    again = command_line(*words, "--device", "cpu")
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already" in again.stderr
    words[words.index(str(tmp_path / "l.csv"))] = str(tmp_path / "j.parquet")
    printed = command_line(*words, "--device", "cpu", "--json")
    assert json.loads(printed.stdout) == json.loads((tmp_path / "j.about.json").read_text())
    assert pq.read_table(tmp_path / "j.parquet")["label"].to_pylist()[5:] == [None, None]


def test_pictures_of_another_kind_are_told(place: Path, tmp_path: Path) -> None:
    for number in range(20):
        paint(tmp_path / "like" / f"{number}.png", number, size=64)
        stripes = np.zeros((64, 64, 3), np.uint8)
        stripes[:, ::2] = stripes[: 3 * number] = 255
        (tmp_path / "other").mkdir(exist_ok=True)
        Image.fromarray(stripes).save(tmp_path / "other" / f"{number}.png")
    reporter = RecordingReporter()
    done = predict(place, tmp_path / "other.csv", images=tmp_path / "other", reporter=reporter)
    assert done.facts["unlike_training"] > 0.5
    assert any("less like any training image" in line for line in reporter.notices)
    reporter = RecordingReporter()
    done = predict(place, tmp_path / "toy.csv", reporter=reporter)
    assert done.facts["unlike_training"] < 0.1
    assert not any("less like any training image" in line for line in reporter.notices)


def test_a_stopped_call_goes_on_to_the_same_bytes(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tmp_path / "images"
    for number in range(23):
        paint(pictures / f"{number:02}.png", number, size=64)
    stopping = RecordingReporter(lambda: _stop(stopping, "folder:images", 9))
    with pytest.raises(KeyboardInterrupt):
        predict(place, tmp_path / "labels.csv", images=pictures, reporter=stopping, batch_size=2)
    assert not (tmp_path / "labels.csv").exists()
    resumed = RecordingReporter()
    predict(place, tmp_path / "labels.csv", images=pictures, reporter=resumed, batch_size=2)
    assert "done before" in resumed.notes
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "fresh"))
    predict(place, tmp_path / "fresh.csv", images=pictures, batch_size=2)
    assert (tmp_path / "labels.csv").read_bytes() == (tmp_path / "fresh.csv").read_bytes()


def _stop(reporter: RecordingReporter, what: str, steps: int) -> None:
    if reporter.works[-1].endswith(what) and reporter.steps > steps:
        raise KeyboardInterrupt


def test_a_stop_while_it_writes_leaves_no_part(place: Path, tmp_path: Path) -> None:
    stopping = RecordingReporter(lambda: _stop(stopping, "answers for toy", 0))
    with pytest.raises(KeyboardInterrupt):
        predict(place, tmp_path / "labels.csv", reporter=stopping)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("task", "words", "said"),
    [
        ("toy-colour", {"precision": 1.0}, "not between 0 and 1"),
        ("toy-colour", {"coverage": 0.9}, "no intervals"),
        ("toy-year", {"precision": 0.9}, "asks for a number"),
        ("toy-colour", {"images": "tyo"}, "no dataset is called 'tyo'"),
        ("toy-colour", {"images": "/absent"}, "there is no folder"),
    ],
)
def test_wrong_usage_begins_nothing(place: Path, tmp_path: Path, task: str, words: dict[str, Any], said: str) -> None:
    with pytest.raises(artbench.UsageError, match=said):
        predict(place, tmp_path / "labels.csv", task=task, **words)
    assert list(tmp_path.iterdir()) == []


def test_records_that_cannot_be_used_are_refused(place: Path, tmp_path: Path) -> None:
    def refused(file: Path) -> str:
        with pytest.raises(artbench.ArtbenchError) as raised:
            artbench.predict(file, images="toy", out=tmp_path / "labels.csv", plugins=PLUGINS, device="cpu")
        return str(raised.value)

    assert "absent.json" in refused(tmp_path / "absent.json")
    known = json.loads(record(place).read_text())
    changed = tmp_path / record(place).name
    changed.with_suffix(".parquet").write_bytes(record(place).with_suffix(".parquet").read_bytes())
    changed.write_text(json.dumps(known | {"encoder": known["encoder"] | {"weights_sha256": "0" * 64}}))
    assert "has other weights here" in refused(changed)
    changed.write_text(json.dumps(known | {"encoder": known["encoder"] | {"checkpoint_sha256": "0" * 64}}))
    assert "a record does not say where it is" in refused(changed)
    changed.write_text(json.dumps({"kind": "another"}))
    assert refused(changed)


def test_a_record_of_a_few_images_is_refused(place: Path, tmp_path: Path) -> None:
    request = RunRequest(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=["toy-colour"],
        results=tmp_path / "results",
        device="cpu",
        protocol=DEFAULT_PROTOCOL.with_shots(4),
    )
    assert not run(request, registry=load_plugins(PLUGINS), reporter=Silent()).failures
    (file,) = (tmp_path / "results" / "records").rglob("*.json")
    with pytest.raises(artbench.UsageError, match="fitted on 4 images of each class"):
        artbench.predict(file, images="toy", out=tmp_path / "labels.csv", plugins=PLUGINS)
