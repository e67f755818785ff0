"""`artbench pretrain --resume` takes from the folder what it is not told, and refuses what differs."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from artbench.cli.main import main
from artbench.pretrain.resume import read_resume_state
from tests.support import training as toys
from tests.support.plugins import TOY
from tests.support.training_folder import restate

SMALL = ("batch_size=16", "sub_batch=8", "steps=4", "crop_size=16", "temperature=0.1")


class Terminal:
    """Where `artbench pretrain` is called from; keeps what it said last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = self.err = ""

    def pretrain(self, *words: str, plugin: bool = True) -> int:
        files = ["--plugin", str(TOY)] if plugin else []
        self._monkeypatch.setattr(sys, "argv", ["artbench", "pretrain", *words, "--out", "out", *files])
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ARTBENCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return Terminal(monkeypatch, capsys)


def begin(terminal: Terminal, *words: str) -> dict[str, torch.Tensor]:
    """Train to the end, and take the last two steps away again; the weights there were."""
    settings = [word for pair in SMALL for word in ("--set", pair)]
    names = ["moco-v2", "--backbone", "toy-patches", "--dataset", "toy", "--seed", "3"]
    saving = ["--save-minutes", "0", "--keep", "9"]
    assert terminal.pretrain(*names, *settings, *saving, *words) == 0, terminal.err
    weights = load_file("out/encoder.safetensors")
    for file in (
        "encoder.safetensors",
        "checkpoints/step-000000003.safetensors",
        "checkpoints/step-000000004.safetensors",
    ):
        Path("out", file).unlink()
    return weights


def test_it_needs_nothing_but_the_folder(terminal: Terminal) -> None:
    undisturbed = begin(terminal)
    assert terminal.pretrain("--resume") == 0, terminal.err
    assert "Going on from step 2 of 4." in terminal.err
    assert terminal.out == "out/encoder.safetensors\n"
    resumed = load_file("out/encoder.safetensors")
    assert all(torch.equal(resumed[name], tensor) for name, tensor in undisturbed.items())
    assert terminal.pretrain("--resume") == 0
    assert "This training is finished, at step 4" in terminal.err
    assert terminal.out == "out/encoder.safetensors\n"


def test_what_is_given_and_differs_is_refused_with_both_values(terminal: Terminal) -> None:
    begin(terminal)
    Path("other.toml").write_text("dim = 64\n")
    toys.paint(Path("scans") / "Depot")
    for words, told in (
        (["--set", "temperature=0.3"], "temperature: 0.1, now 0.3"),
        (["--settings", "other.toml"], "dim: 128, now 64"),
        (["--seed", "4"], "seed: 3, now 4"),
        (["moco-v1"], "method: moco-v2, now moco-v1"),
        (["--backbone", "colour-histogram"], "backbone: toy-patches, now colour-histogram"),
        (["--dataset", "collection:scans"], "datasets: ['toy'], now ['collection:scans']"),
    ):
        assert terminal.pretrain("--resume", *words) == 1
        assert told in terminal.err
        assert "What is not given is taken from there" in terminal.err
    assert terminal.pretrain("--resume", "--set", "temperature=warm") == 2
    assert "temperature=warm: it takes a number" in terminal.err


def test_pictures_that_have_a_place_of_their_own_are_found_there_again(terminal: Terminal, tmp_path: Path) -> None:
    begin(terminal)
    shutil.copytree(next((tmp_path / "cache" / "datasets").iterdir()), tmp_path / "disk")
    shutil.rmtree("out")
    begin(terminal, "--data", "toy=disk")
    assert read_resume_state(Path("out")).datasets == {"toy": str(tmp_path / "disk")}  # type: ignore[union-attr]
    shutil.rmtree(tmp_path / "cache")
    assert terminal.pretrain("--resume") == 0, terminal.err
    assert not (tmp_path / "cache" / "datasets").exists()


def test_what_made_it_may_change_only_where_that_is_accepted(terminal: Terminal) -> None:
    begin(terminal)
    restate(Path("out"), 2, lambda facts: facts["stretches"][0].update(artbench="0.0.1"))
    assert terminal.pretrain("--resume") == 1
    assert "artbench: 0.0.1, now " in terminal.err
    assert "`artbench pretrain --resume --accept-changes --out out`" in terminal.err
    assert terminal.pretrain("--resume", "--accept-changes") == 0, terminal.err


def test_a_name_that_is_only_on_record_is_reported_with_the_whole_command(terminal: Terminal) -> None:
    begin(terminal)
    assert terminal.pretrain("--resume", plugin=False) == 2
    assert "no backbone is called 'toy-patches'" in terminal.err
    whole = "artbench pretrain moco-v2 --backbone toy-patches --dataset toy --out out --resume"
    assert f"The whole command: {whole}." in terminal.err


def test_where_no_checkpoint_says_it_everything_has_to_be_given(terminal: Terminal) -> None:
    assert terminal.pretrain("--resume") == 2
    assert "Missing argument 'METHOD'. out holds no checkpoint that says it" in terminal.err
    assert terminal.pretrain("moco-v2", "--dataset", "toy") == 2
    assert "Missing option '--backbone'." in terminal.err
    assert terminal.pretrain("moco-v2", "--backbone", "toy-patches") == 2
    assert "Missing option '--dataset'." in terminal.err
    assert not Path("out").exists()


@pytest.mark.parametrize("facts", ['{"identity": 3}', '{"identity": {"method": ["moco-v2"]}}', "[]", "3"])
def test_a_checkpoint_that_does_not_say_what_it_is_of_is_refused(terminal: Terminal, facts: str) -> None:
    Path("out/checkpoints").mkdir(parents=True)
    save_file({"a": torch.zeros(1)}, "out/checkpoints/step-000000001.safetensors", {"artbench.training": facts})
    assert terminal.pretrain("--resume") == 1
    assert "Remove it: --resume then continues from the one before" in terminal.err
