"""Classes told by texts, from the command line to verified leaderboards, with a tiny network of open_clip."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from artbench.data.decode import decode
from artbench.protocol import ZERO_SHOT_V1, Preprocessing, protocol_named
from artbench.records.folder import read_record
from artbench.records.predictions import read_predictions
from artbench.records.under import protocol_under
from artbench.runtime.files import sha256_of
from tests.support.command_line import Called, CommandLine
from tests.support.plugins import TOY
from tests.support.run_tasks import paint
from tests.support.tiny_clip import NAME, SIDE, checkpoint, drawn, know_tiny_clip

CLASSES = ("red_lead", "verdigris", "smalt")
TEMPLATES = ["a painting in {}.", "a work in {}, on panel."]
WORDS = {"smalt": "blue smalt"}
RUN = ["run", "--protocol", "zero-shot-v1", "--backbone", f"open_clip:{NAME}", "--device", "cpu", "--json"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a collection in class folders, prompts in its TOML, and a checkpoint of the network."""
    know_tiny_clip(monkeypatch)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for number in range(60):
        paint(tmp_path / "pigments" / CLASSES[number % 3] / f"{number}.png", number)
    say(tmp_path, TEMPLATES)
    checkpoint(tmp_path)
    return tmp_path


def say(home: Path, templates: list[str]) -> None:
    words = ", ".join(f'{name} = "{said}"' for name, said in WORDS.items())
    toml = f"[prompts.class]\ntemplates = {json.dumps(templates)}\nwords = {{ {words} }}\n"
    (home / "pigments" / "collection.toml").write_text('name = "pigments"\n' + toml)


def run(command_line: CommandLine, *words: str) -> Called:
    return command_line(*RUN, "--pretraining", "tiny-clip.pt", "--task", "collection:pigments", *words)


def measured(command_line: CommandLine) -> dict[str, Any]:
    done = run(command_line)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def record_files(home: Path) -> list[Path]:
    return sorted((home / "results" / "records").rglob("*.json"))


def test_it_predicts_what_open_clips_own_classifier_does(home: Path, command_line: CommandLine) -> None:
    written = measured(command_line)
    (file,) = record_files(home)
    stored = read_predictions(file.with_suffix(".parquet"), read_record(file))
    network = drawn()
    said = [WORDS.get(name, name.replace("_", " ")) for name in sorted(CLASSES)]
    # As peers do it: on the same pictures, with their own code.
    head = open_clip.build_zero_shot_classifier(network, open_clip.get_tokenizer(NAME), said, TEMPLATES)
    side = Preprocessing().crop_side(SIDE)
    pixels = np.stack(
        [
            decode((home / "pigments" / name).read_bytes(), short_side=round(SIDE / 0.875), crop=side)
            for name in stored.images.tolist()
        ]
    )
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (open_clip.OPENAI_DATASET_MEAN,
                                                                      open_clip.OPENAI_DATASET_STD))  # fmt: skip
    half = written["provenance"]["dtype"] == "bfloat16"
    with torch.inference_mode():
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            features = network.encode_image((images - mean) / std)
        features = torch.nn.functional.normalize(features.float(), dim=-1)
        expected = (network.logit_scale.exp() * features @ head).softmax(dim=1)
    assert stored.predicted is not None
    assert stored.predicted.tolist() == expected.argmax(dim=1).tolist()
    assert stored.confidence is not None
    np.testing.assert_allclose(stored.confidence, expected.amax(dim=1).numpy(), atol=1e-5, rtol=0)
    right = np.mean(expected.argmax(dim=1).numpy() == stored.labels)
    assert written["metrics"]["accuracy"]["value"] == pytest.approx(right)
    assert (written["probe"], written["neighbours"], set(written["tables"])) == (None, None, {"classes", "confusion"})


@pytest.mark.integration
def test_a_record_is_checked_and_marked_twice(home: Path, command_line: CommandLine) -> None:
    measured(command_line)
    checked = command_line("leaderboard", "check", "results")
    assert checked.returncode == 0, checked.stderr
    assert "`artbench leaderboard verify` tells" in checked.stdout + checked.stderr
    (page,) = (home / "results" / "leaderboards").glob("collection*.md")
    # A checkpoint does not say what it was trained on.
    assert "?? may have seen test images" in page.read_text()
    assert "a caption may have told the answer" in page.read_text()
    assert "Classes in words: “a painting in {}.” and 1 more template" in page.read_text()
    methods = command_line("leaderboard", "export", "--methods")
    assert "Each class was put into words" in methods.stdout


def test_a_record_is_verified_and_a_forged_one_refuted(home: Path, command_line: CommandLine) -> None:
    done = command_line(*RUN, "--pretraining", "tiny-clip.pt", "--plugin", str(TOY), "--task", "toy-colour")
    assert done.returncode == 0, done.stderr
    verify = ["leaderboard", "verify", "results", "--plugin", str(TOY), "--pretraining", "tiny-clip.pt"]
    verified = command_line(*verify)
    assert "30 predictions are those of its weights and the texts of its task" in verified.stdout
    assert verified.returncode == 0
    (file,) = record_files(home)
    stored = pq.read_table(file.with_suffix(".parquet"))
    at = stored.column_names.index("prediction")
    other = pa.array((stored["prediction"].to_numpy() + 1) % 3, stored.schema.field(at).type)
    pq.write_table(stored.set_column(at, "prediction", other), file.with_suffix(".parquet"))
    content = json.loads(file.read_text())
    content["predictions"]["sha256"] = sha256_of(file.with_suffix(".parquet"))
    file.write_text(json.dumps(content))
    refuted = command_line(*verify)
    assert refuted.returncode == 1
    assert "predictions are not those of open_clip:tiny-clip" in refuted.stdout


@pytest.mark.integration
def test_prompts_that_the_task_does_not_have_are_told(home: Path, command_line: CommandLine) -> None:
    command_line(*RUN, "--pretraining", "tiny-clip.pt", "--plugin", str(TOY), "--task", "toy-colour")
    (file,) = record_files(home)
    content = json.loads(file.read_text())
    content["prompts"]["sha256"] = "0" * 64
    content["protocol_hash"] = ZERO_SHOT_V1.with_prompts("0" * 64).hash
    file.write_text(json.dumps(content))
    checked = command_line("leaderboard", "check", "results", "--plugin", str(TOY))
    assert checked.returncode == 1
    assert "the prompts are not those of toy-colour here" in checked.stdout
    verified = command_line("leaderboard", "verify", "results", "--plugin", str(TOY), "--pretraining", "tiny-clip.pt")
    assert "the prompts of toy-colour are others here" in verified.stdout


@pytest.mark.integration
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompts": ["noise in {}.", "a photo of {}."]}, "the templates of the prompts are not those of toy-colour"),
        ({"backbone": f"open_clip:{NAME}@layer=2"}, "can't be compared with texts"),
        ({"backbone": "toy-patches"}, "toy-patches reads no texts, and the record has prompts"),
    ],
)
def test_texts_that_can_not_have_been_read_are_faults(
    change: dict[str, Any], said: str, home: Path, command_line: CommandLine
) -> None:
    command_line(*RUN, "--pretraining", "tiny-clip.pt", "--plugin", str(TOY), "--task", "toy-colour")
    (file,) = record_files(home)
    content = json.loads(file.read_text())
    if "prompts" in change:
        content["prompts"]["templates"] = change["prompts"]
    content["backbone"] = change.get("backbone", content["backbone"])
    file.write_text(json.dumps(content))
    checked = command_line("leaderboard", "check", "results", "--plugin", str(TOY))
    assert checked.returncode == 1
    assert said in " ".join(checked.stdout.split())


def test_other_prompts_are_another_table(home: Path, command_line: CommandLine) -> None:
    first = measured(command_line)
    assert measured(command_line)["provenance"] == first["provenance"]
    say(home, [*TEMPLATES, "{}, a pigment."])
    second = measured(command_line)
    assert first["protocol"] == second["protocol"] == "zero-shot-v1"
    assert first["protocol_hash"] != second["protocol_hash"]
    assert first["dataset"] == second["dataset"]
    for file in record_files(home):
        record = read_record(file)
        found = protocol_under(record)
        assert found is not None
        assert found.hash == record.protocol_hash


@pytest.mark.integration
def test_what_a_record_says_of_its_prompts_is_held_against_the_hash(home: Path, command_line: CommandLine) -> None:
    measured(command_line)
    (file,) = record_files(home)
    content = json.loads(file.read_text())
    content["prompts"]["sha256"] = "0" * 64
    file.write_text(json.dumps(content))
    checked = command_line("leaderboard", "check", "results")
    assert checked.returncode == 1
    assert "the hash of zero-shot-v1 is" in checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--shots", "2"], 2, "zero-shot-v1 fits nothing"),
        (["--width", "8"], 2, "zero-shot-v1 fits nothing"),
        (["--task", "sample-material"], 2, "one class per image, and sample-material is a multi-label task"),
        (["--backbone", "resnet18"], 1, "resnet18 has no text side: it sees pictures alone"),
    ],
)
def test_what_can_not_be_is_one_line(
    words: list[str], status: int, said: str, home: Path, command_line: CommandLine
) -> None:
    done = command_line(*RUN, "--pretraining", "random", "--task", "collection:pigments", *words)
    assert done.returncode == status
    assert said in done.stderr


def test_a_task_without_prompts_names_those_that_have_some(home: Path, command_line: CommandLine) -> None:
    (home / "pigments" / "collection.toml").unlink()
    done = command_line(*RUN, "--pretraining", "random", "--task", "collection:pigments")
    assert done.returncode == 2
    assert "collection:pigments:class says nothing of its classes in words" in done.stderr
    assert "sample-style" in done.stderr


def test_texts_tell_nothing_that_a_probe_could_explain(home: Path, command_line: CommandLine) -> None:
    measured(command_line)
    (file,) = record_files(home)
    words = ["predict", "--record", str(file), "--images", "pigments", "--out", "labels.csv"]
    done = command_line(*words, "--task", "collection:pigments:class", "--pretraining", "tiny-clip.pt")
    assert done.returncode == 2
    assert "which has no probe" in done.stderr


def test_it_has_no_variants() -> None:
    assert protocol_named("zero-shot-v1") is ZERO_SHOT_V1
    assert protocol_named("zero-shot-v1-shots-4") is None
    assert protocol_named("zero-shot-v1-csls-4") is None
