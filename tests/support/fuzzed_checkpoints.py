"""Read checkpoints that are changed by seeds: `python -m tests.support.fuzzed_checkpoints FOLDER START STOP`.

A process of its own, so that a crash of a library is one test that fails. The last line is JSON: how many were read,
how many refused, and what went wrong.
"""

import argparse
import json
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save_file

from artbench.encoders.build import load_weights
from artbench.encoders.checkpoint import read_checkpoint
from artbench.encoders.fit import fit_checkpoint, tensor_names
from artbench.encoders.provenance import training_history, training_pool
from artbench.errors import ArtbenchError
from tests.support.memory import peak_megabytes
from tests.support.opened_files import opened_files, outside

# What a checkpoint that runs code would do.
_ACTS = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "os.mkdir", "os.remove")
_STATE = {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.ones(3)}
_HEARD: list[str] = []


class _Act:
    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.mkdir, ("/nonexistent/acted",)


def _odd(random: Random) -> Any:
    return random.choice(
        [
            *(
                torch.zeros(3, 4).to_sparse(),
                torch.zeros(3, 4, device="meta"),
                torch.zeros(3, 4, dtype=torch.complex64),
            ),
            *(torch.nested.nested_tensor([torch.zeros(4), torch.zeros(2)]), torch.full((3, 4), float("nan"))),
            *(torch.zeros(1).expand(3, 4), torch.zeros(1).expand(10**6, 10**6), torch.zeros(()), torch.zeros(0, 4)),
            *(torch.zeros(3, 4, dtype=torch.int8), "x" * 1000, None, {"a": _STATE}, [_STATE], _Act()),
        ]
    )


def made(seed: int, file: Path) -> None:
    """Write the checkpoint of a seed."""
    random = Random(seed)
    content: Any = dict(_STATE)
    if random.random() < 0.4:
        content[random.choice(["weight", "bias", "extra"])] = _odd(random)
    if random.random() < 0.3:
        content = {"state_dict": content, "args": argparse.Namespace(lr=0.1)}
    kind = random.randrange(3)
    if kind == 0:
        told = {"artbench.pretraining": random.choice(["{}", "[" * 10_000, '{"seed": NaN}', "\x00"]), "format": "pt"}
        save_file(_STATE, file, metadata=told if random.random() < 0.5 else None)
    else:
        torch.save(content, file, _use_new_zipfile_serialization=kind == 1)
    data = bytearray(file.read_bytes())
    for _ in range(random.choice([0, 1, 1, 2, 8])):
        place = random.randrange(max(1, min(len(data), random.choice([64, 512, len(data)]))))
        change = random.randrange(4)
        if change == 0:
            data[place : place + 1] = bytes([random.randrange(256)])
        elif change == 1:
            data[place : place + 8] = random.randbytes(8)
        elif change == 2:
            del data[place : place + random.randrange(1, 9)]
        else:
            del data[max(1, int(len(data) * random.random())) :]
    file.write_bytes(data)
    if random.random() < 0.1 and zipfile.is_zipfile(file):
        # One that is too broken to be added to stays as it is.
        with suppress(Exception), zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data/9", bytes(10**8))


def used(file: Path) -> None:
    """Do with a checkpoint what a run does."""
    module = torch.nn.Linear(4, 3)
    content = read_checkpoint(file)
    tensor_names(content)
    fit = fit_checkpoint(content, module.state_dict())
    if fit is None:
        raise ArtbenchError("no weight of it")
    load_weights(module, fit.state, origin=file.name, backbone="small", mend="Give another")
    training_pool(file)
    training_history(file)


def main() -> None:
    """Read the checkpoints of some seeds."""
    folder, start, stop = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    sys.addaudithook(lambda event, _: _HEARD.append(event) if event in _ACTS else None)
    # Which folder that is, Python finds out once, by writing to it and removing what it wrote.
    tempfile.gettempdir()
    read, refused, wrong = 0, 0, []
    for seed in range(start, stop):
        file = folder / f"{seed}.pth"
        made(seed, file)
        _HEARD.clear()
        with opened_files() as opened:
            try:
                used(file)
                read += 1
            except ArtbenchError as error:
                refused += 1
                if "\n" in str(error):
                    wrong.append(f"{seed}: more than one line: {error}")
            except Exception as error:
                wrong.append(f"{seed}: {type(error).__name__}: {error}")
        heard = list(_HEARD)
        if (left := outside(opened, folder, Path(tempfile.gettempdir()))) or heard:
            wrong.append(f"{seed}: it acted: {[*heard, *left][:3]}")
        file.unlink()
    print(json.dumps({"read": read, "refused": refused, "wrong": wrong, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
