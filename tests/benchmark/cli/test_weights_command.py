"""`artbench weights`: a line an encoder, JSON alone, exit statuses, names that complete."""

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.benchmark.cli.test_completion import offered
from tests.support.command_line import CommandLine

WORDS = ("--backbone", "colour-histogram", "--backbone", "mobilenetv3_small_050")


@pytest.fixture(autouse=True)
def nothing_cached_and_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


def test_each_encoder_has_a_line_and_one_that_fails_does_not_end_the_others(command_line: CommandLine) -> None:
    done = command_line("weights", "fetch", *WORDS, "--pretraining", "imagenet", "--pretraining", "random")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line[:12].strip() for line in lines] == ["not needed", "not needed", "failed", "not needed"]
    assert "mobilenetv3_small_050, imagenet: " in lines[2]
    assert "can't be reached" in lines[2]
    assert "/timm/mobilenetv3_small_050.lamb_in1k/resolve/main/model.safetensors" in lines[2]
    assert "hf download" in lines[2]
    assert "Traceback" not in done.stderr


def test_json_is_all_that_is_printed(command_line: CommandLine) -> None:
    done = command_line("weights", "check", *WORDS, "--json")
    assert done.returncode == 1
    first, second = json.loads(done.stdout)
    assert first == {
        "backbone": "colour-histogram",
        "pretraining": "imagenet",
        "status": "not needed",
        "reason": "the backbone has nothing to learn",
        "address": "",
        "path": None,
        "bytes": None,
        "verified": None,
    }
    assert (second["status"], second["backbone"]) == ("failed", "mobilenetv3_small_050")
    assert "no network is used" in second["reason"]


def test_what_needs_nothing_is_done(command_line: CommandLine) -> None:
    assert command_line("weights", "fetch", *WORDS, "--pretraining", "random").returncode == 0


@pytest.mark.parametrize("verb", ["fetch", "check"])
def test_an_unknown_name_is_wrong_usage(verb: str, command_line: CommandLine) -> None:
    done = command_line("weights", verb, "--backbone", "colour-histogrm")
    assert done.returncode == 2
    assert "colour-histogram" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("weights fetch --backbone colour", ["colour-histogram"]),
        ("weights check --backbone colour-histogram --pretraining imag", ["imagenet"]),
        ("weights f", ["fetch"]),
    ],
)
def test_names_complete_as_those_of_a_run(line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_PLUGINS", "")
    assert offered(line) == expected
