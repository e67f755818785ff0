"""Resuming a training: the step it stopped at, what its checkpoint says about it, and restoring that into a run."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import AliasPath, BaseModel, Field, StrictInt, StrictStr, ValidationError

from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.errors import ArtbenchError
from artbench.pretrain.checkpoints import Checkpoints
from artbench.pretrain.knn_monitor import KnnMonitor
from artbench.pretrain.method import Objective
from artbench.pretrain.setup import Setup
from artbench.pretrain.stretches import differences
from artbench.pretrain.training import Training
from artbench.runtime.distributed import current_group
from artbench.runtime.text import printable


class ResumeState(BaseModel, frozen=True):
    """What a checkpoint says about its training, so that the command that resumes it need not.

    Attributes:
        out: Folder of the training.
        step: Number of steps done.
        method: Name of the method.
        backbone: Name of the backbone.
        seed: Seed of the run.
        settings: All settings of the method.
        datasets: Folder of each dataset by its name on the command line; empty if the name implies the folder, or
            artbench has made it.
    """

    out: Path
    step: int
    method: StrictStr = Field(validation_alias=AliasPath("identity", "method"))
    backbone: StrictStr = Field(validation_alias=AliasPath("identity", "backbone"))
    seed: StrictInt = Field(validation_alias=AliasPath("identity", "seed"))
    settings: dict[StrictStr, Any] = Field(validation_alias=AliasPath("identity", "settings"))
    # Old checkpoints lack it.
    datasets: dict[StrictStr, StrictStr] = Field(default={}, validation_alias="asked")

    def folders(self, data_root: Path | None) -> dict[str, Path]:
        """The stated folders of datasets, without those that are gone or that `data_root` contains."""
        root = None if data_root is None else data_root.expanduser()
        return {
            name: Path(folder)
            for name, folder in self.datasets.items()
            if folder and Path(folder).is_dir() and not (root is not None and (root / name).is_dir())
        }

    def check(self, *, method: str, backbone: str, seed: int) -> None:
        """Raise unless names and seed are those of this training.

        Raises:
            ArtbenchError: They are not.
        """
        before = {"method": self.method, "backbone": self.backbone, "seed": self.seed}
        _check_same(before, {"method": method, "backbone": backbone, "seed": seed}, out=self.out)

    @property
    def command(self) -> str:
        """The command that resumes the training, with everything but its settings."""
        words = ["artbench", "pretrain", self.method, "--backbone", self.backbone]
        for name, folder in self.datasets.items():
            words += ["--dataset", name, *(["--data", f"{name}={folder}"] if folder else [])]
        return printable(shlex.join([*words, "--out", str(self.out), "--resume"]))


def read_resume_state(out: Path) -> ResumeState | None:
    """Read the latest checkpoint in the folder of a training; None if there is none.

    Under `torchrun` or `srun`, inside `process_group`, every process calls this.

    Raises:
        ArtbenchError: The checkpoint is damaged, or does not state its training, or a process does not find it.
    """
    group = current_group()
    found = group.together(lambda: _read_resume_state(out))
    steps = group.gathered(0 if found is None else found.step)
    for rank, step in enumerate(steps):
        if step != steps[0]:
            raise ArtbenchError(
                f"the last checkpoint that process {rank} finds in {out} is of step {step}, that of process 0 of step "
                f"{steps[0]}",
                mend="--out must be a folder that all nodes share",
            )
    return found


def _read_resume_state(out: Path) -> ResumeState | None:
    checkpoints = Checkpoints(out / CHECKPOINTS)
    steps = checkpoints.steps()
    if not steps:
        return None
    try:
        return ResumeState.model_validate({**checkpoints.facts(steps[-1]), "out": out, "step": steps[-1]})
    except ValidationError as error:
        raise ArtbenchError(
            f"the checkpoint of step {steps[-1]} in {out} does not say what training it is of",
            mend="Remove it: --resume then continues from the one before. Or give another --out",
        ) from error


def steps_done(out: Path, *, resume: bool) -> int:
    """The number of steps in the latest checkpoint, 0 without one.

    Raises:
        ArtbenchError: The folder contains a training, and `resume` is not set, or an encoder alone.
    """
    steps = Checkpoints(out / CHECKPOINTS).steps()
    if resume and not steps and (out / ENCODER_FILE).exists():
        raise ArtbenchError(
            f"{out} holds an encoder and no checkpoint: a training that begins anew would replace it",
            mend=f"Give another folder with --out, or move {ENCODER_FILE} away first",
        )
    if not resume and (steps or (out / ENCODER_FILE).exists()):
        raise ArtbenchError(
            f"{out} contains a training already",
            mend=f"`artbench pretrain --resume --out {shlex.quote(str(out))}` resumes it; or give another folder",
        )
    return steps[-1] if steps else 0


def restore(out: Path, step: int, *, training: Training, setup: Setup, knn: KnnMonitor) -> dict[str, Any]:
    """Set networks, memory, optimiser and kNN results from the checkpoint of a step.

    Returns:
        The facts of the checkpoint.

    Raises:
        ArtbenchError: The checkpoint is damaged, or of another training.
    """
    tensors, facts = Checkpoints(out / CHECKPOINTS).load(step)
    _check_same(facts.get("identity"), training.identity, out=out)
    try:
        _set_tensors(tensors, setup.objective, setup.optimizer)
    except (KeyError, RuntimeError, ValueError) as error:
        raise ArtbenchError(
            f"the checkpoint of step {step} in {out} does not fit this training ({' '.join(str(error).split())[:200]})",
            mend="Give the backbone and the settings that it began with, or another --out",
        ) from error
    knn.restore(facts, step=step)
    setup.stepper.loss_scale.restore(facts.get("loss_scale", {}))
    return facts


@torch.no_grad()
def _set_tensors(tensors: Mapping[str, torch.Tensor], objective: Objective, optimizer: torch.optim.Optimizer) -> None:
    """Undo `checkpoints.training_tensors`."""
    groups: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, {})[rest] = tensor
    for part, network in zip(objective.networks._fields, objective.networks, strict=True):
        network.load_state_dict(groups.get(part, {}), strict=True)
    memory = groups.get("memory", {})
    for name in {**memory, **objective.memory}:
        objective.memory[name].copy_(memory[name])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in groups.get("optimizer", {}).items():
        number, _, rest = name.partition(".")
        state.setdefault(int(number), {})[rest] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _check_same(before: object, now: Mapping[str, Any], *, out: Path) -> None:
    """Raise unless the identity in a checkpoint, or a part of it, is that of the training to resume."""
    found = differences(before, now) if isinstance(before, dict) else ["it does not say what it is of"]
    if found:
        raise ArtbenchError(
            f"the checkpoint in {out} is of another training ({'; '.join(found[:4])})",
            mend="What is not given is taken from there; if the images have changed, give another --out",
        )
