"""The stretches of a training: what it was carried out with, which a resumed run compares and a record shows."""

import hashlib
import shlex
import socket
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from artbench.errors import ArtbenchError
from artbench.pretrain.training import Training
from artbench.runtime.distributed import Group
from artbench.runtime.text import printable


def circumstances(training: Training, *, device: str, dtype: str) -> dict[str, Any]:
    """What the weights depend on besides the training's identity: the fields of a record's `StretchState`.

    Args:
        training: The training.
        device: Kind of the device.
        dtype: Data type of the networks' computation, as it was resolved.
    """
    return {
        "device": device,
        "dtype": dtype,
        "artbench": metadata.version("artbench"),
        "torch": str(torch.__version__),
        "plugins": dict(training.plugins),
    }


def continued(
    before: Sequence[Mapping[str, Any]], now: Mapping[str, Any], *, step: int, accept: bool, out: Path
) -> list[dict[str, Any]]:
    """The stretches of a training that goes on after a step under the circumstances of now.

    Args:
        before: The stretches so far; none before the first step.
        now: The circumstances.
        step: Number of steps done.
        accept: Whether others than before begin a new stretch.
        out: Folder of the training, for the message.

    Raises:
        ArtbenchError: They are others than before, and that is not accepted.
    """
    found = [dict(stretch) for stretch in before]
    last = {key: value for key, value in found[-1].items() if key != "from_step"} if found else {}
    changes = differences(last, now)
    if step and changes and not accept:
        command = f"artbench pretrain --resume --accept-changes --out {shlex.quote(str(out))}"
        raise ArtbenchError(
            f"the checkpoint of step {step} in {out} was made with something else than there is here "
            f"({'; '.join(changes[:6])})",
            mend=f"Resume it where it was made, or go on with what is here, which the record will say: `{command}`",
        )
    return [*found, {"from_step": step, **now}] if changes else found


def check_alike(group: Group, facts: Mapping[str, Any]) -> None:
    """Raise unless all processes pass the same.

    Raises:
        ArtbenchError: A process differs from the first one; raised on all of them.
    """
    first, *others = group.gathered([socket.gethostname(), dict(facts)])
    for rank, (host, found) in enumerate(others, 1):
        changes = differences(first[1], found, word="there")
        if changes:
            raise ArtbenchError(
                f"process {rank} of {group.size}, on {host}, would train something else than process 0 on {first[0]} "
                f"({'; '.join(changes[:4])})",
                mend="Start all with one command, from the same installation and the same images; with WORLD_SIZE=1 in "
                "its environment each trains for itself",
            )


def digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of tensors and their names; 64 hexadecimal digits."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def differences(before: Mapping[str, Any], now: Mapping[str, Any], *, word: str = "now") -> list[str]:
    """The differences of two mappings, as `name: before, now other`; the parts of a mapping one by one."""
    found = []
    for key in {**now, **before}:
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += differences(old, new, word=word)
        elif old != new:
            found.append(f"{key}: {_short(old)}, {word} {_short(new)}")
    return found


def _short(value: object) -> str:
    text = "not said" if value is None else printable(str(value))
    return text if len(text) <= 40 else f"{text[:12]}…"
