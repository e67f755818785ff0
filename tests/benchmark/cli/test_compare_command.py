"""`artbench leaderboard compare` as people and scripts call it."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.cli.main import main
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from tests.support.results import guessed, put

_CLASSES = 4
LABELS: NDArray[np.int64] = np.random.default_rng(0).integers(0, _CLASSES, 200)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResultsFolder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return ResultsFolder(tmp_path / "results")


def fill(folder: ResultsFolder, **changes: Any) -> tuple[Record, Record]:
    one, other = (
        put(folder, name, LABELS, guessed(LABELS, rate=rate, classes=_CLASSES, seed=seed), **changes)
        for seed, (name, rate) in enumerate({"good": 0.9, "poor": 0.5}.items())
    )
    return one, other


def called(*words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["artbench", "leaderboard", "compare", *words])
    with pytest.raises(SystemExit) as exited:
        main()
    said = capsys.readouterr()
    assert isinstance(exited.value.code, int)
    return exited.value.code, said.out, said.err


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *words: called(*words, capsys=capsys, monkeypatch=monkeypatch)


def test_it_tells_difference_chance_and_classes(folder: ResultsFolder, compare: Any) -> None:
    one, other = fill(folder)
    status, out, err = compare("good/random", "poor/random")
    assert (status, err) == (0, "")
    points = 100 * (one.primary.value - other.primary.value)
    assert f"A - B  +{points:.1f} points [+" in out
    assert "A is better" in out
    assert "exact McNemar p < 0.0001: A alone is right about" in out
    assert "style a" in out
    backwards = compare("poor/random", "good/random")[1]
    assert f"A - B  -{points:.1f} points [-" in backwards
    assert "B is better" in backwards


def test_choices_of_a_variant_may_stand_in_any_order(folder: ResultsFolder, compare: Any) -> None:
    for seed, name in enumerate(("good@layer=2,pool=max", "poor")):
        put(folder, name, LABELS, guessed(LABELS, rate=0.9 - 0.4 * seed, classes=_CLASSES, seed=seed))
    assert compare("good@pool=max,layer=02/random", "poor/random")[0] == 0


def test_json_has_every_class_and_agrees_with_the_table(folder: ResultsFolder, compare: Any) -> None:
    one, other = fill(folder)
    status, out, _ = compare(one.id, other.id, "--json")
    found = json.loads(out)
    assert status == 0
    assert (found["a"]["id"], found["b"]["id"], found["better"]) == (one.id, other.id, "a")
    assert found["difference"] == pytest.approx(one.primary.value - other.primary.value, abs=1e-6)
    assert found["ci95"][0] < found["difference"] < found["ci95"][1]
    # One pair on the leaderboard: nothing to correct for.
    assert found["p_corrected"] == found["p"] < 0.001
    assert sum(row["images"] for row in found["classes"]) == len(LABELS)
    gaps = [abs(row["difference"]) for row in found["classes"]]
    assert gaps == sorted(gaps, reverse=True)
    hits = sum(row["images"] * row["a"] for row in found["classes"])
    assert hits / len(LABELS) == pytest.approx(one.primary.value)


def test_records_are_named_by_file_too_wherever_they_lie(folder: ResultsFolder, compare: Any, tmp_path: Path) -> None:
    one, other = fill(folder)
    away = tmp_path / "sent" / "theirs.json"
    away.parent.mkdir()
    folder.file_of(other).rename(away)
    folder.predictions_of(other).rename(away.with_suffix(".parquet"))
    status, out, _ = compare(str(folder.file_of(one)), str(away))
    assert status == 0
    assert "Not corrected" in out


def test_years_and_several_labels(folder: ResultsFolder, compare: Any) -> None:
    random = np.random.default_rng(1)
    years, marks = random.uniform(1500, 1900, 150), random.random((150, 3)) < 0.4
    for name, noise in (("good", 0.2), ("poor", 2.0)):
        guesses = (years + 60 * noise * random.normal(size=150)).astype(np.float32)[:, None]
        put(folder, name, years, guesses, metric="mean_absolute_error", task="when")
        chances = (1 / (1 + np.exp(-(4 * marks - 2 + noise * random.normal(size=marks.shape))))).astype(np.float32)
        put(folder, name, marks, chances, metric="mean_average_precision", task="what")
    status, out, _ = compare("good/random", "poor/random", "--task", "when")
    assert status == 0
    assert "years" in out
    # Fewer years off is better.
    assert "A - B  -" in out
    assert "A is better" in out
    assert "class" not in out
    status, out, _ = compare("good/random", "poor/random", "--task", "what")
    assert status == 0
    assert "average precision" in out
    assert "class 0" in out


def test_one_name_settles_the_task_of_the_other(folder: ResultsFolder, compare: Any) -> None:
    one, _ = fill(folder)
    fill(folder, task="toy-artist")
    status, out, _ = compare(one.id, "poor/random")
    assert status == 0
    assert out.startswith("toy-style")
    status, _, err = compare("good/random", "poor/random")
    assert status == 2
    assert "match 2 pairs" in err
    assert "--task" in err


def test_of_several_protocols_one_is_chosen_by_name(folder: ResultsFolder, compare: Any) -> None:
    one, _ = fill(folder)
    other, _ = fill(folder, protocol="linear-v2-width-40", protocol_hash="e" * 64)
    status, _, err = compare("good/random", "poor/random")
    assert status == 2
    assert f"{one.id} (toy-style, linear-v1)" in err
    assert f"{other.id} (toy-style, linear-v2-width-40)" in err
    assert "Choose one with --task or --protocol, or give ids" in err
    status, out, _ = compare("good/random", "poor/random", "--protocol", "linear-v2-width-40")
    assert status == 0
    assert other.id in out
    status, _, err = compare("good/random", "poor/random", "--protocol", "linear-v3")
    assert status == 2
    assert "It has records under linear-v1, linear-v2-width-40" in err


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"task_version": 2}, "the task version differs (toy-style 1; toy-style 2)"),
        ({"protocol_hash": "e" * 64}, "the protocol differs (linear-v1 aaaaaaaaaaaa; linear-v1 eeeeeeeeeeee)"),
        ({"dataset": {"fingerprint": "e" * 64}}, "the state of the data differs (toy bbbbbbbbbbbb"),
        ({"task": "toy-artist"}, "the task differs (toy-style; toy-artist)"),
    ],
)
def test_what_shares_no_leaderboard_is_refused_with_the_part_that_differs(
    folder: ResultsFolder, compare: Any, changes: dict[str, Any], part: str
) -> None:
    one, _ = fill(folder)
    _, other = fill(folder, **changes)
    status, out, err = compare(one.id, other.id)
    assert (status, out) == (2, "")
    assert part in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("god/random", "poor/random"), "such as good/random"),
        (("good/random", "good/random"), "same record"),
        (("good/random", "poor/random", "--task", "no-such"), "It has records of toy-style"),
        (("good/random", "poor/random", "--results", "elsewhere"), "no records in"),
        (("good/random",), "Missing argument 'B'"),
    ],
)
def test_wrong_names_are_answered(folder: ResultsFolder, compare: Any, words: tuple[str, ...], said: str) -> None:
    fill(folder)
    status, out, err = compare(*words)
    assert (status, out) == (2, "")
    assert said in err


def test_missing_predictions_fail_with_their_place(folder: ResultsFolder, compare: Any) -> None:
    _, other = fill(folder)
    folder.predictions_of(other).unlink()
    status, out, err = compare("good/random", "poor/random")
    assert (status, out) == (1, "")
    assert "predictions are missing" in err
    assert folder.predictions_of(other).name in err


def test_a_file_that_is_no_record_fails(folder: ResultsFolder, compare: Any, tmp_path: Path) -> None:
    fill(folder)
    (tmp_path / "x.json").write_text("{}")
    status, _, err = compare("good/random", "x.json")
    assert status == 1
    assert "not a valid record" in err


def test_names_are_text_not_markup(folder: ResultsFolder, compare: Any) -> None:
    put(folder, "[bold]x[/bold]", LABELS, guessed(LABELS, rate=0.5, classes=_CLASSES, seed=3))
    put(folder, "[/red]", LABELS, guessed(LABELS, rate=0.5, classes=_CLASSES, seed=4))
    status, out, _ = compare("[bold]x[/bold]/random", "[/red]/random")
    assert status == 0
    assert "[bold]x[/bold]" in out
    assert "can't be told apart" in out
