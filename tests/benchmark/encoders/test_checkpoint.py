import argparse
import os
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from artbench.encoders.checkpoint import read_checkpoint
from artbench.encoders.checkpoint_path import checkpoint_file, checkpoint_name
from artbench.errors import ArtbenchError

STATE = {"conv.weight": torch.arange(12.0).reshape(3, 4), "conv.bias": torch.ones(3)}


def _same(content: object) -> bool:
    return isinstance(content, dict) and all(torch.equal(content[key], tensor) for key, tensor in STATE.items())


class Surprise:
    """What a hostile checkpoint holds: an object that acts when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_safetensors_are_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    save_file(STATE, tmp_path / name)
    assert _same(read_checkpoint(tmp_path / name))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["moco.pth.tar", "weights.safetensors"])
def test_both_formats_of_torch_are_read(tmp_path: Path, zipped: bool, name: str) -> None:
    torch.save(STATE, tmp_path / name, _use_new_zipfile_serialization=zipped)
    assert _same(read_checkpoint(tmp_path / name))


@pytest.mark.parametrize("zipped", [True, False])
def test_the_options_that_scripts_save_beside_their_weights_do_no_harm(tmp_path: Path, zipped: bool) -> None:
    # As DINO, MAE and timm write theirs.
    content = {"model": STATE, "args": argparse.Namespace(lr=0.1, data="x"), "epoch": 3}
    torch.save(content, tmp_path / "dino.pth", _use_new_zipfile_serialization=zipped)
    read = read_checkpoint(tmp_path / "dino.pth")
    assert isinstance(read, dict)
    assert _same(read["model"])


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, zipped: bool) -> None:
    file, trap = tmp_path / "evil.pth", tmp_path / "sprung"
    torch.save({"state_dict": STATE, "extra": Surprise(trap)}, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ArtbenchError, match=r"mkdir.*torch\.save\(model\.state_dict\(\), PATH\)"):
        read_checkpoint(file)
    assert not trap.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_model_is_refused_by_the_name_of_its_class(tmp_path: Path, zipped: bool) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ArtbenchError, match=r"torch\.nn\.modules\.linear\.Linear"):
        read_checkpoint(tmp_path / "model.pth")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_torchscript_program_is_refused(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "model.pt")  # type: ignore[no-untyped-call]
    with pytest.raises(ArtbenchError, match="TorchScript"):
        read_checkpoint(tmp_path / "model.pt")


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_one_clear_line(tmp_path: Path, kind: str, share: float) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part.pth"
    if kind == "safetensors":
        save_file(STATE, whole)
    else:
        torch.save(STATE, whole, _use_new_zipfile_serialization=kind == "zip")
    data = whole.read_bytes()
    part.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ArtbenchError) as caught:
        read_checkpoint(part)
    assert str(part) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>404", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a checkpoint"),
        (b"\x80\x02" + bytes(range(200)), "damaged"),
        (b"PK\x03\x04" + bytes(200), "damaged"),
        (b"\x08\0\0\0\0\0\0\0{oh dear", "damaged"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "file.pth").write_bytes(data)
    with pytest.raises(ArtbenchError, match=reason):
        read_checkpoint(tmp_path / "file.pth")


def test_another_zip_archive_is_no_checkpoint(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "file.zip", "w") as archive:
        archive.writestr("weights.npy", bytes(100))
    with pytest.raises(ArtbenchError, match="zip archive"):
        read_checkpoint(tmp_path / "file.zip")


def test_an_archive_that_unpacks_to_more_than_it_is_is_not_unpacked(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1_000_000)}, tmp_path / "plain.pth")
    with zipfile.ZipFile(tmp_path / "plain.pth") as plain, zipfile.ZipFile(tmp_path / "bomb.pth", "w") as bomb:
        for entry in plain.infolist():
            bomb.writestr(entry.filename, plain.read(entry), compress_type=zipfile.ZIP_DEFLATED)
    with pytest.raises(ArtbenchError, match="more than its own size"):
        read_checkpoint(tmp_path / "bomb.pth")


def test_a_folder_stands_for_the_encoder_in_it(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"holds no encoder\.safetensors"):
        checkpoint_file(tmp_path)
    save_file(STATE, tmp_path / "encoder.safetensors")
    assert checkpoint_file(tmp_path) == tmp_path / "encoder.safetensors"


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"no checkpoint at .*nothing.pth"):
        checkpoint_file(tmp_path / "nothing.pth")


def test_a_training_that_is_not_finished_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(ArtbenchError, match=r"is not finished\. `artbench pretrain --resume --out \S+` continues it"):
        checkpoint_file(tmp_path)


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArtbenchError, match="not a file"):
        checkpoint_file(tmp_path / "pipe")


def test_the_name_on_record_is_never_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "moco-v2-art"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert checkpoint_name(Path("/home/me/resnet.pth")) == "resnet.pth"
    for spelling in (
        folder,
        folder / "encoder.safetensors",
        Path(),
        Path("encoder.safetensors"),
        Path("../moco-v2-art"),
    ):
        assert checkpoint_name(spelling) == "moco-v2-art"
    assert checkpoint_name(Path("x\n\x1b[31m.pth")) == "x??[31m.pth"
