"""Wrong labels planted among predictions: what is suspected, what several records agree in, what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.audit.label_noise import audit_labels, suspected
from artbench.data.exclusion import read_exclusions
from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder
from artbench.records.publishing import publish
from tests.support.command_line import CommandLine
from tests.support.results import put

CLASSES, IMAGES = 4, 200
PLANTED = range(0, IMAGES, 20)
HOSTILE = "=0\x1b[31m<script>,\"'.png"


def truth() -> NDArray[np.int64]:
    return np.arange(IMAGES, dtype=np.int64) % CLASSES


def wrong_labels() -> NDArray[np.int64]:
    """The true classes, but for ten images that are labelled the next class."""
    labels = truth()
    labels[PLANTED] = (labels[PLANTED] + 1) % CLASSES
    return labels


def seen(seed: int, *, errors: float = 0.1, rounds: int = 1) -> NDArray[np.float32]:
    """What an encoder sees: the true class, mostly with more than 0.9, or, by mistake, another with 0.3 to 0.7."""
    random = np.random.default_rng(seed)
    true = np.tile(truth(), rounds)
    n = len(true)
    mistaken = random.random(n) < errors
    predicted = np.where(mistaken, (true + random.integers(1, CLASSES, n)) % CLASSES, true)
    top = np.where(mistaken, random.uniform(0.3, 0.7, n), 1 - random.random(n) ** 4 / 2)
    outputs = np.repeat(((1 - top) / (CLASSES - 1))[:, None], CLASSES, axis=1)
    outputs[np.arange(n), predicted] = top
    return outputs.astype(np.float32)


def write(folder: Path, seeds: tuple[int, ...] = (1, 2, 3), **changes: Any) -> list[Path]:
    results = ResultsFolder(folder)
    images = [HOSTILE if number == 0 else f"{number:05}" for number in range(IMAGES)]
    files = []
    for seed in seeds:
        encoder = {"weights_sha256": f"{seed:064x}"}
        record = put(results, f"net{seed}", wrong_labels(), seen(seed), images=images, encoder=encoder, **changes)
        files.append(results.file_of(record))
    return files


def names(numbers: range) -> set[str]:
    return {HOSTILE if number == 0 else f"{number:05}" for number in numbers}


def test_nothing_is_suspected_that_all_probabilities_would_clear() -> None:
    outputs, labels = seen(1, errors=0.3), wrong_labels()
    thresholds = np.array([outputs[labels == each, each].mean() for each in range(CLASSES)])
    above = np.where(outputs >= thresholds, outputs, 0)
    full = above.any(axis=1) & (above.argmax(axis=1) != labels)
    found = suspected(labels, outputs.argmax(axis=1), outputs.max(axis=1), classes=CLASSES)
    assert found.any()
    assert not (found & ~full).any()


def test_a_class_without_an_image_suspects_nothing() -> None:
    found = suspected(np.array([0, 0, 1]), np.array([0, 2, 1]), np.array([0.9, 0.99, 0.9], np.float32), classes=3)
    assert found.tolist() == [False, False, False]


def test_a_doubtful_prediction_suspects_nothing() -> None:
    labels, predicted = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 0])
    confidence = np.array([0.9, 0.8, 0.9, 0.84, 0.86], np.float32)
    assert suspected(labels, predicted, confidence, classes=2).tolist() == [False, False, False, False, True]


def test_planted_labels_are_found_and_agreement_removes_the_errors_of_one(tmp_path: Path) -> None:
    files = write(tmp_path)
    found = audit_labels(files)
    planted, listed = names(PLANTED), {one.image for one in found.suspicions}
    assert listed <= planted
    assert len(listed) >= 7
    assert all(one.suggested == (one.label - 1) % CLASSES for one in found.suspicions)
    ranks = [(-one.agreement, -one.confidence) for one in found.suspicions]
    assert ranks == sorted(ranks)
    assert (found.tested, found.networks, len(found.alone)) == (IMAGES, 3, 3)
    # An image of the class, rightly recognised by all.
    assert {label: truth()[int(image)] for label, image in found.typical.items()} == {k: k for k in range(CLASSES)}


def test_two_records_must_both_agree_and_one_may_stand_alone(tmp_path: Path) -> None:
    files = write(tmp_path)
    both = audit_labels(files[:2])
    assert {one.agreement for one in both.suspicions} == {2}
    alone = audit_labels(files[:1])
    assert {one.image for one in both.suspicions} < {one.image for one in alone.suspicions}
    assert len(alone.suspicions) == alone.alone[0] == both.alone[0]
    # A record that is named twice has one vote.
    assert audit_labels([files[0], files[0]]) == alone


def test_several_rounds_have_one_vote(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path)
    labels, images = np.tile(wrong_labels(), 3), [f"{number:05}" for number in range(IMAGES)] * 3
    rounds = np.repeat(np.arange(3), IMAGES)
    record = put(results, "net", labels, seen(5, rounds=3), images=images, rounds=rounds)
    found = audit_labels([results.file_of(record)])
    assert found.tested == IMAGES
    listed = {one.image for one in found.suspicions}
    assert len(listed) >= 7
    assert listed <= {f"{number:05}" for number in PLANTED}


def test_the_command_lists_images_and_writes_a_list_that_exclude_takes(
    tmp_path: Path, command_line: CommandLine
) -> None:
    files = [str(file) for file in write(tmp_path)]
    out = tmp_path / "audit"
    done = command_line("data", "audit", "--labels", *files, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "3 of 3" in done.stdout
    assert "\x1b" not in done.stdout
    assert r"=0\x1b[31m<script>" in done.stdout
    assert "style a 3" in done.stdout
    assert "training images" in done.stderr
    found = json.loads(command_line("data", "audit", "--labels", *files, "--out", str(out), "--json").stdout)
    listed = {one["image"] for one in found["images"]}
    assert HOSTILE in listed
    assert read_exclusions(out / "labels.csv").images == {("toy", "test"): listed}
    assert found["images"][0]["predicted"] == [found["images"][0]["suggested"]] * 3
    assert [one["suspects"] for one in found["records"]] == list(audit_labels(map(Path, files)).alone)


def test_one_record_and_variants_of_one_network_are_said_to_be_weaker(
    tmp_path: Path, command_line: CommandLine
) -> None:
    files = write(tmp_path)
    out = ("--out", str(tmp_path / "audit"))
    assert "weak evidence" in command_line("data", "audit", "--labels", str(files[0]), *out).stderr
    (also,) = write(tmp_path, (1,), pretraining="other")
    assert "2 records of 1 network," in command_line("data", "audit", "--labels", str(files[0]), str(also), *out).stderr


def test_published_records_give_no_list_for_exclude(tmp_path: Path, command_line: CommandLine) -> None:
    results, target = ResultsFolder(tmp_path / "a"), ResultsFolder(tmp_path / "b")
    images = [f"{number:05}" for number in range(IMAGES)]
    record = put(results, "net", wrong_labels(), seen(1), images=images)
    file = publish(record, results, target)
    done = command_line("data", "audit", "--labels", str(file), "--out", str(tmp_path / "audit"), "--json")
    assert json.loads(done.stdout)["file"] is None
    assert json.loads(done.stdout)["images"][0]["image"].startswith("sha256:")
    assert not (tmp_path / "audit").exists()
    assert "without ids" in done.stderr
    with pytest.raises(ArtbenchError, match="other test images or labels"):
        audit_labels([file, *write(tmp_path / "c", (2,))])


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path, (1, 2))
    (task,) = write(tmp_path, (3,), task="toy-other")
    with pytest.raises(ArtbenchError, match="different tasks, toy-style and toy-other"):
        audit_labels([*files, task])
    (state,) = write(tmp_path, (3,), dataset={"fingerprint": "e" * 64})
    with pytest.raises(ArtbenchError, match="different states of the data of toy-style"):
        audit_labels([*files, state])


def test_several_labels_and_years_are_refused(tmp_path: Path, command_line: CommandLine) -> None:
    results, random = ResultsFolder(tmp_path), np.random.default_rng(0)
    several = put(
        results, "a", random.random((30, 3)) < 0.5, random.random((30, 3), np.float32), metric="mean_average_precision"
    )
    years = put(
        results, "b", random.uniform(1600, 1700, 30), random.random((30, 1), np.float32), metric="mean_absolute_error"
    )
    for record, what in ((several, "gives an image several labels"), (years, "asks for the year")):
        done = command_line("data", "audit", "--labels", str(results.file_of(record)))
        assert done.returncode == 1
        assert what in done.stderr
        assert "one label an image" in done.stderr


def test_damaged_and_missing_predictions_are_named(tmp_path: Path, command_line: CommandLine) -> None:
    first, second = write(tmp_path, (1, 2))
    first.with_suffix(".parquet").write_bytes(b"PAR1 nothing PAR1")
    done = command_line("data", "audit", "--labels", str(first), str(second))
    assert done.returncode == 1
    assert first.name in done.stderr
    assert "not the ones it was written with" in done.stderr
    first.with_suffix(".parquet").unlink()
    assert "missing" in command_line("data", "audit", "--labels", str(first)).stderr
    assert "no record" in command_line("data", "audit", "--labels", str(tmp_path / "nothing.json")).stderr


def test_records_alone_are_read(tmp_path: Path, command_line: CommandLine) -> None:
    (file,) = write(tmp_path, (1,))
    done = command_line("data", "audit", "--labels", str(file), "--backbone", "resnet18")
    assert done.returncode == 2
    assert "records alone" in done.stderr


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, command_line: CommandLine) -> None:
    (file,) = write(tmp_path, (1,))
    (tmp_path / "file").write_text("")
    done = command_line("data", "audit", "--labels", str(file), "--out", str(tmp_path / "file" / "out"))
    assert done.returncode == 1
    assert "--out" in done.stderr
