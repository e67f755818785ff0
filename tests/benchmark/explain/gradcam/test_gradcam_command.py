"""`artbench explain gradcam`, from a record to a folder of figures, and what it refuses."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from artbench.cli.main import artbench
from artbench.data.decode import decode
from artbench.encoders.build import build_backbone
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.refit import RefittedTask, refit
from artbench.explain.sources import Sources, check_sources
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.parquet import StoredTable
from artbench.records.publishing import publish
from artbench.records.record import FileState, Record
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Reporter, Silent
from tests.support.plugins import SEEN, TOY
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the results of two networks on four tasks, and the cache."""
    folder = tmp_path_factory.mktemp("gradcam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(folder / "cache"))
        patch.setenv("ARTBENCH_PLUGINS", "")
        runs: list[tuple[str, str, list[str], list[int]]] = [
            ("seen-net", "results", ["toy-colour", "toy-traits", "seen-year"], []),
            ("seen-net", "few", ["toy-colour"], [2]),
            ("toy-patches", "results", ["toy-colour"], []),
        ]
        for backbone, results, tasks, shots in runs:
            request = RunRequest(
                backbones=[backbone],
                pretrainings=["random"],
                tasks=tasks,
                results=folder / results,
                shots=shots,
                device="cpu",
            )
            assert not run(request, registry=plugins(), reporter=Silent()).failures
        yield folder


def plugins() -> Registry:
    return load_plugins([TOY, SEEN])


def record(place: Path, task: str = "toy-colour", *, backbone: str = "seen-net", results: str = "results") -> Path:
    (found,) = (place / results / "records" / task).glob(f"{backbone}.*.json")
    return found


def gradcam(file: Path, out: Path, *words: str) -> Result:
    given = ["--record", str(file), "--out", str(out), "--plugin", str(TOY), "--plugin", str(SEEN), *words]
    return CliRunner().invoke(artbench, ["explain", "gradcam", "--dpi", "30", "--device", "cpu", *given])


def refitted(file: Path, reporter: Reporter | None = None) -> RefittedTask:
    registry = plugins()
    checked = check_sources(file, Sources(device="cpu"), registry=registry)
    return refit(checked, registry=registry, reporter=reporter or Silent())


def test_the_differentiable_model_reproduces_the_predictions_of_the_record(place: Path) -> None:
    for task in ("toy-colour", "toy-traits"):
        file = record(place, task)
        probed = refitted(file)
        assert probed.difference == 0
        stored = pq.read_table(file.with_suffix(".parquet"))
        model = ProbedEncoder(probed.encoder, probed.head, dtype=probed.dtype)
        dataset = probed.task.dataset
        pixels = [decode(dataset.read(row), short_side=37, crop=32) for row in probed.test.rows.tolist()]
        with torch.inference_mode():
            images = model.images(np.stack(pixels))
            logits = model(images)
            features = model.encoder((images - model.mean) / model.std).double()
        tolerance = rounding(probed.dtype, steps=7, features=features, weight=model.head.weight)
        assert [dataset.ids[row] for row in probed.test.rows.tolist()] == stored["image"].to_pylist()
        if task == "toy-colour":
            chances = logits.softmax(dim=1).float().numpy()
            assert chances.argmax(axis=1).tolist() == stored["prediction"].to_pylist()
            np.testing.assert_allclose(chances.max(axis=1), stored["confidence"].to_numpy(), atol=tolerance)
        else:
            stored_chances = np.stack(stored["confidence"].to_pylist())
            np.testing.assert_allclose(logits.sigmoid().numpy(), stored_chances, atol=tolerance)


def rounding(dtype: torch.dtype, *, steps: int, features: torch.Tensor, weight: torch.Tensor) -> float:
    """How far apart two probabilities may be, where the same features were made in another order.

    Extraction folds the norm into the convolution before it, and the differentiable model does not. Each of the
    `steps` from the pixels to the features (normalisation, three convolutions, the norm, the mean, the z-score) rounds
    to `dtype`; what that moves a logit by, a probability moves by half at the most.
    """
    return steps * torch.finfo(dtype).eps * float((features.abs() @ weight.abs().T).max()) / 2


@pytest.fixture(scope="module")
def reads() -> list[str]:
    """Names of the records and tables of predictions that the run of `drawn` reads."""
    return []


@pytest.fixture(scope="module")
def drawn(place: Path, reads: list[str]) -> tuple[Result, Path]:
    """The output of a run, and the folder of its figures."""

    def counted_read(path: Path) -> Record:
        reads.append(path.name)
        return read_record(path)

    def counted_table(path: Path, state: FileState) -> StoredTable:
        reads.append(path.name)
        return StoredTable(path, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artbench.explain.sources.read_record", counted_read)
        patch.setattr("artbench.records.predictions.StoredTable", counted_table)
        return gradcam(record(place), place / "out", "--images", "3", "--seed", "4"), place / "out"


def test_the_record_is_parsed_and_its_predictions_are_hashed_once(
    place: Path, drawn: tuple[Result, Path], reads: list[str]
) -> None:
    file = record(place)
    assert drawn[0].exit_code == 0, drawn[0].output
    assert reads == [file.name, file.with_suffix(".parquet").name]


def test_a_run_writes_figures_and_says_what_was_chosen_and_what_the_checks_found(drawn: tuple[Result, Path]) -> None:
    done, out = drawn
    assert done.exit_code == 0, done.output
    assert "Guided backpropagation" in done.stdout
    assert "the randomisation check" in done.stdout
    index = json.loads((out / "index.json").read_text())
    assert [image["reason"] for image in index["pictures"]] == ["confident hit", "confident miss", "random"]
    assert index["reproduced"]["exactly"]
    assert index["guided_backpropagation"]["offered"]
    sanity = json.loads((out / "sanity.json").read_text())
    assert sanity["depths"][0] == "head"
    assert set(sanity["maps"]) == {"Grad-CAM", "guided backpropagation", "Guided Grad-CAM"}
    for name in ("contact-sheet.png", "sanity.png", *(image["file"] for image in index["pictures"])):
        with Image.open(out / name) as figure:
            assert figure.info["artbench-record"] == index["record"]
    assert all(image["file"] in (out / "index.md").read_text() for image in index["pictures"])


def test_the_same_seed_gives_the_same_bytes(place: Path, drawn: tuple[Result, Path], tmp_path: Path) -> None:
    _, out = drawn
    assert gradcam(record(place), tmp_path, "--images", "3", "--seed", "4").exit_code == 0
    assert sorted(file.name for file in out.iterdir()) == sorted(file.name for file in tmp_path.iterdir())
    for file in out.iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name


def test_json_alone_on_stdout_and_the_class_named_is_explained(place: Path, tmp_path: Path) -> None:
    done = gradcam(record(place, "toy-traits"), tmp_path / "out", "--class", "warm", "--images", "3", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert {image["explained"]["class"] for image in found["pictures"]} == {"warm"}
    assert "sanity" in found


def test_any_image_can_be_explained(place: Path, tmp_path: Path) -> None:
    Image.new("RGB", (80, 60), (200, 40, 40)).save(tmp_path / "a $x_1$ [b].png")
    done = gradcam(record(place), tmp_path / "out", "--image", str(tmp_path / "a $x_1$ [b].png"), "--json")
    assert done.exit_code == 0, done.output
    (image,) = json.loads(done.stdout)["pictures"]
    assert (image["reason"], image["true"], image["correct"]) == ("asked for", [], None)
    assert (tmp_path / "out" / image["file"]).is_file()


def test_without_relus_only_grad_cam_is_drawn_and_the_reason_is_given(place: Path, tmp_path: Path) -> None:
    done = gradcam(record(place, backbone="toy-patches"), tmp_path / "out", "--images", "3")
    assert done.exit_code == 0, done.output
    assert "toy-patches has none: use integrated gradients" in done.stdout
    assert set(json.loads((tmp_path / "out" / "sanity.json").read_text())["maps"]) == {"Grad-CAM"}


def refusal(done: Result) -> ArtbenchError | click.ClickException:
    assert isinstance(done.exception, (ArtbenchError, click.ClickException)), done.exception
    assert done.stdout == ""
    return done.exception


def copied(place: Path, folder: Path) -> Path:
    """A copy of a record and its predictions, for tests that damage it."""
    file = record(place)
    for suffix in (".json", ".parquet"):
        shutil.copy(file.with_suffix(suffix), folder / f"copy{suffix}")
    return folder / "copy.json"


def edited(file: Path, **changes: Any) -> Path:
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, **changes}))
    return file


def test_bad_input_is_one_line_that_says_what_and_what_to_do(place: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "out", record(place)
    unknown = refusal(gradcam(file, out, "--class", "Blu"))
    assert isinstance(unknown, UsageError)
    assert "blue" in str(unknown)
    assert "asks for a number" in str(refusal(gradcam(record(place, "seen-year"), out)))
    assert "no layer 'stag'" in str(refusal(gradcam(file, out, "--layer", "stag")))
    (tmp_path / "no.png").write_text("not an image")
    assert "no.png can't be read" in str(refusal(gradcam(file, out, "--image", str(tmp_path / "no.png"))))
    assert "gone.png can't be read" in str(refusal(gradcam(file, out, "--image", str(tmp_path / "gone.png"))))
    (tmp_path / "taken").write_text("")
    assert "can't be written" in str(refusal(gradcam(file, tmp_path / "taken" / "out")))
    (tmp_path / "bad.json").write_text('{"schema": 1, "task"')
    assert "can't be read as JSON" in str(refusal(gradcam(tmp_path / "bad.json", out)))
    (tmp_path / "bad.json").write_text('{"schema": 1}')
    assert "not a valid record" in str(refusal(gradcam(tmp_path / "bad.json", out)))
    # Two would leave no room for a hit, a miss and a random one.
    assert gradcam(file, out, "--images", "2").exit_code == 2


def test_a_published_record_whose_ids_are_digests_is_explained_too(place: Path, tmp_path: Path) -> None:
    given = ResultsFolder(tmp_path / "given")
    file = publish(read_record(record(place)), ResultsFolder(place / "results"), given)
    assert refitted(file).difference == 0


def test_a_record_that_is_not_reproduced_says_what_differs(place: Path, tmp_path: Path) -> None:
    file = copied(place, tmp_path)
    content = json.loads(file.read_text())
    dataset, encoder = content["dataset"], content["encoder"]
    cases: dict[str, dict[str, Any]] = {
        "in another state": {"dataset": {**dataset, "fingerprint": "0" * 64}},
        "other weights": {"encoder": {**encoder, "weights_sha256": "0" * 64}},
        "--pretraining PATH": {"encoder": {**encoder, "checkpoint_sha256": "0" * 64}},
        "under the protocol": {"protocol_hash": "0" * 64},
        "no backbone is called": {"backbone": "seen-nit"},
        "no pretraining is called": {"pretraining": "../random"},
    }
    for message, changes in cases.items():
        edited(copied(place, tmp_path), **changes)
        assert message in str(refusal(gradcam(file, tmp_path / "out")))
    copied(place, tmp_path).with_suffix(".parquet").unlink()
    assert "copy.parquet" in str(refusal(gradcam(file, tmp_path / "out")))


def test_another_checkpoint_is_refused_with_the_reason(place: Path, tmp_path: Path) -> None:
    backbone = build_backbone(plugins().backbones.get("seen-net"))
    torch.save(backbone.module.state_dict(), tmp_path / "other.pt")
    error = str(refusal(gradcam(record(place), tmp_path / "out", "--pretraining", str(tmp_path / "other.pt"))))
    assert "the checkpoint that --pretraining names has other weights" in error
    assert "The record's pretraining is random: leave --pretraining out" in error


def test_predictions_that_the_probe_does_not_give_are_counted(place: Path, tmp_path: Path) -> None:
    file = copied(place, tmp_path)
    table = pq.read_table(file.with_suffix(".parquet"))
    turned = pa.array([1.0 - 0.9 * value for value in table["confidence"].to_pylist()], pa.float32())
    pq.write_table(table.drop_columns("confidence").append_column("confidence", turned), file.with_suffix(".parquet"))
    state = {"sha256": sha256_of(file.with_suffix(".parquet")), "rows": len(table)}
    error = str(refusal(gradcam(edited(file, predictions=state), tmp_path / "out")))
    assert "does not give the record's predictions" in error
    assert "probabilities differ by more than 0.0" in error


def test_the_first_of_several_rounds_is_explained_with_a_notice(place: Path) -> None:
    reporter = RecordingReporter()
    probed = refitted(record(place, results="few"), reporter)
    assert probed.record.protocol_hash == DEFAULT_PROTOCOL.with_shots(2).hash
    assert probed.difference == 0
    assert any("the first of them is explained" in line for line in reporter.notices)
