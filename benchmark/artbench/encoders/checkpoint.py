"""Reading checkpoint files, whose format is recognised by content, without running code that they hold."""

import argparse
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from artbench.encoders.checkpoint_path import MEND
from artbench.encoders.fit import shown
from artbench.errors import ArtbenchError

# DINO, MAE and timm store their options in the checkpoint; a namespace only holds values.
_ALLOWED: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [argparse.Namespace]
_SAFETENSORS = re.compile(rb".{6}\0\0\{", re.DOTALL)


def read_checkpoint(path: Path) -> object:
    """Read the mappings and tensors of a checkpoint to the CPU; nothing is unpickled that could run code.

    Args:
        path: A safetensors file or a file of `torch.save`, in its zip or its older format, with any suffix.

    Raises:
        ArtbenchError: The file can't be read, is of neither kind, is damaged, or holds more than mappings and tensors.
    """
    try:
        with path.open("rb") as file:
            head = file.read(256)
        return _read(path, head)
    except SafetensorError as error:
        raise ArtbenchError(f"{path} is a damaged safetensors file ({_line(error)})", mend=MEND) from error
    except OSError as error:
        raise ArtbenchError(f"{path} can't be read ({error.strerror or _line(error)})", mend=MEND) from error


def _read(path: Path, head: bytes) -> object:
    if not head:
        raise ArtbenchError(f"{path} is an empty file", mend=MEND)
    if _SAFETENSORS.match(head):
        return load_file(path)
    if head.startswith(b"PK\x03\x04"):
        _check_archive(path)
    elif head[:1] != b"\x80":
        raise ArtbenchError(f"{path} is not a checkpoint: {_guess(head)}", mend=MEND)
    return _load_torch(path)


def _load_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_ALLOWED):
            # Warnings about how an old checkpoint was written are of no use here.
            warnings.simplefilter("ignore")
            # As an open file: given a path, torch would go by the suffix.
            with path.open("rb") as file:
                return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        needed = _classes_needed(path, str(error))
        if not needed:
            raise ArtbenchError(f"{path} is damaged, or no checkpoint of torch.save", mend=MEND) from error
        raise ArtbenchError(
            f"{path} holds more than tensors ({needed}), and artbench does not unpickle objects: they could run code",
            mend="Where it was made, save only the weights: torch.save(model.state_dict(), PATH), or safetensors",
        ) from error
    except Exception as error:
        raise ArtbenchError(f"{path} is damaged, or no checkpoint of torch.save ({_line(error)})", mend=MEND) from error


def _classes_needed(path: Path, reason: str) -> str:
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:
        # Not for files of the older format; torch's message names the first class.
        names = re.findall(r"(?:GLOBAL|class) ([A-Za-z_][\w.]*) (?:was not|whose module)", reason)
    return shown(sorted(set(names) - {"argparse.Namespace"}), most=3)


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ArtbenchError(
            f"{path} is damaged: it begins like a checkpoint, but does not end like one", mend=MEND
        ) from error
    if not any(entry.filename.endswith("data.pkl") for entry in entries):
        raise ArtbenchError(f"{path} is a zip archive, but no checkpoint of torch.save", mend=MEND)
    # Only TorchScript programs have this part.
    if any(entry.filename.endswith("/constants.pkl") for entry in entries):
        raise ArtbenchError(
            f"{path} is a TorchScript program, not weights",
            mend="Save the state dict: torch.save(torch.jit.load(PATH).state_dict(), OTHER)",
        )
    # torch.save never compresses; an archive that unpacks to more than its size is meant to fill the memory.
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ArtbenchError(f"{path} claims to unpack to more than its own size, as no checkpoint does", mend=MEND)


def _guess(head: bytes) -> str:
    text = head.lstrip().lower()
    if text.startswith(b"version https://git-lfs"):
        return "it is the pointer of a Git LFS file that was not fetched (`git lfs pull` fetches it)"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page, perhaps the error of a failed download"
    return f"it begins with {head[:8]!r}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
