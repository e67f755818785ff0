"""`artbench run --protocol attentive-v1` as people call it: from tokens to a record and a leaderboard."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import artbench
from tests.support.command_line import Called, CommandLine
from tests.support.plugins import TOY

Call = Callable[..., Called]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return CommandLine(monkeypatch, capfd)


@pytest.fixture
def run(command: CommandLine) -> Call:
    def call(*words: str, backbone: str = "toy-patches", pretraining: str = "random") -> Called:
        fixed = ["--pretraining", pretraining, "--plugin", str(TOY), "--device", "cpu"]
        return command("run", "--backbone", backbone, *fixed, *words)

    return call


@pytest.mark.integration
def test_it_is_on_record_with_each_seed_and_has_a_leaderboard_of_its_own(
    run: Call, command: CommandLine, tmp_path: Path
) -> None:
    asked = ["--task", "toy-colour"]
    done = run(*asked, "--protocol", "attentive-v1", "--json")
    assert done.returncode == 0, done.stderr
    # Each takes minutes on real pictures, and would be silent.
    said = [f"attentive-v1: fitting with seed {seed}, {seed + 1} of 3" for seed in range(3)]
    assert [line for line in done.stderr.splitlines() if "fitting with seed" in line] == said
    (record,) = json.loads(done.stdout)
    assert record["protocol"] == "attentive-v1"
    accuracies = [one["metrics"]["accuracy"] for one in record["rounds"]]
    assert [one["own_probe"]["seed"] for one in record["rounds"]] == [0, 1, 2]
    assert record["metrics"]["accuracy"]["value"] == pytest.approx(sum(accuracies) / 3)
    assert min(accuracies) > 0.8
    summary = record["own_probe"]["summary"]
    # The last map, 4 x 4 places of 8 channels.
    assert summary["tokens"] == [16, 8]
    assert len(summary["losses"]) == 16
    again = run(*asked, "--protocol", "attentive-v1")
    assert "All of this was on record" in again.stderr
    checked = command("leaderboard", "check", "results", "--plugin", str(TOY))
    assert checked.returncode == 0, checked.stdout
    linear = run(*asked)
    assert linear.returncode == 0, linear.stderr
    page = (tmp_path / "results" / "leaderboards" / "toy-colour.md").read_text()
    assert {"Protocol attentive-v1", "Protocol linear-v2"} <= {line.split(" (")[0] for line in page.splitlines()}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--task", "toy-colour", "--store-tokens"], "that of linear-v2 does not. Leave --store-tokens out"),
        (["--task", "toy-colour", "--protocol", "attentive-v1", "--shots", "2"], "Leave --shots out"),
        (["--task", "sample-painting-retrieval", "--protocol", "attentive-v1"], "is a retrieval task"),
        (["--task", "toy-colour", "--protocol", "atentive-v1"], "Did you mean 'attentive-v1'?"),
    ],
)
def test_what_it_does_not_do_is_said_before_it_begins(words: list[str], said: str, run: Call, tmp_path: Path) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "results" / "records").exists()


def test_a_network_without_tokens_is_named_and_no_picture_is_read(run: Call, tmp_path: Path) -> None:
    words = ["--task", "toy-colour", "--protocol", "attentive-v1"]
    done = run(*words, backbone="colour-histogram", pretraining="none")
    assert done.returncode == 1
    assert "colour-histogram has no tokens" in done.stderr
    assert not list((tmp_path / "cache").rglob("features.f32"))


def test_tokens_are_given_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path))
    ids, tokens = artbench.features(
        backbone="toy-patches", pretraining="random", dataset="toy", plugins=[TOY], tokens=True, store_tokens=True
    )
    assert (len(ids), len(tokens), tokens.shape) == (90, 90, (16, 8))
    assert [part.shape for part in tokens.batches(50)] == [(50, 16, 8), (40, 16, 8)]
    assert list(tmp_path.rglob("features.f16"))
    with pytest.raises(artbench.UsageError, match="store_tokens is for tokens"):
        artbench.features(backbone="toy-patches", pretraining="random", dataset="toy", plugins=[TOY], store_tokens=True)  # type: ignore[call-overload]
