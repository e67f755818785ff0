"""What a folder says of the training that was begun in it, so that whoever goes on need not say it again."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, StrictInt, StrictStr, ValidationError

from artbench.encoders.checkpoint_path import CHECKPOINTS
from artbench.errors import ArtbenchError
from artbench.pretrain.checkpoints import Checkpoints, differences
from artbench.runtime.text import printable


class _Identity(BaseModel):
    method: StrictStr
    backbone: StrictStr
    seed: StrictInt
    settings: dict[StrictStr, Any]


class _Facts(BaseModel):
    identity: _Identity
    # Checkpoints of before this was noted have none.
    asked: dict[StrictStr, StrictStr] = {}


@dataclass(frozen=True, kw_only=True)
class ResumeState:
    """A training that was begun in a folder.

    Attributes:
        out: The folder.
        method: Its name.
        backbone: Its name.
        seed: Of the run.
        settings: All of them.
        datasets: The folder of each dataset by the name that it was asked for; empty text where its name, or
            artbench, says where it lies.
    """

    out: Path
    method: str
    backbone: str
    seed: int
    settings: Mapping[str, Any]
    datasets: Mapping[str, str]

    def folders(self, data_root: Path | None) -> dict[str, Path]:
        """Where datasets lay when it was begun, of those that are still there and that `data_root` does not hold."""
        root = None if data_root is None else data_root.expanduser()
        return {
            name: Path(folder)
            for name, folder in self.datasets.items()
            if folder and Path(folder).is_dir() and not (root is not None and (root / name).is_dir())
        }

    def check(self, *, method: str, backbone: str, seed: int) -> None:
        """See that names and seed are those of this training.

        Raises:
            ArtbenchError: They are not.
        """
        before = {"method": self.method, "backbone": self.backbone, "seed": self.seed}
        check_same(before, {"method": method, "backbone": backbone, "seed": seed}, out=self.out)

    @property
    def command(self) -> str:
        """The command that goes on with it, with all that it was begun with but its settings."""
        words = ["artbench", "pretrain", self.method, "--backbone", self.backbone]
        for name, folder in self.datasets.items():
            words += ["--dataset", name, *(["--data", f"{name}={folder}"] if folder else [])]
        return printable(shlex.join([*words, "--out", str(self.out), "--resume"]))


def read_resume_state(out: Path) -> ResumeState | None:
    """The training in a folder, by its latest checkpoint; None where there is none.

    Raises:
        ArtbenchError: The checkpoint is damaged, or does not say what it is of.
    """
    checkpoints = Checkpoints(out / CHECKPOINTS)
    steps = checkpoints.steps()
    if not steps:
        return None
    try:
        facts = _Facts.model_validate(checkpoints.facts(steps[-1]))
    except ValidationError as error:
        raise ArtbenchError(
            f"the checkpoint of step {steps[-1]} in {out} does not say what training it is of",
            mend="Remove it: --resume then goes on from the one before. Or give another --out",
        ) from error
    identity = facts.identity
    return ResumeState(
        out=out,
        method=identity.method,
        backbone=identity.backbone,
        seed=identity.seed,
        settings=identity.settings,
        datasets=facts.asked,
    )


def check_same(before: object, now: Mapping[str, Any], *, out: Path) -> None:
    """See that a checkpoint is of the training that goes on.

    Args:
        before: `Training.identity`, or a part of it, as the checkpoint has it.
        now: The same of the training that goes on.
        out: The folder of the checkpoint.

    Raises:
        ArtbenchError: It is of another; names what differs.
    """
    found = differences(before, now) if isinstance(before, dict) else ["it does not say what it is of"]
    if found:
        raise ArtbenchError(
            f"the checkpoint in {out} is of another training ({'; '.join(found[:4])})",
            mend="What is not given is taken from there; if the pictures have changed, give another --out",
        )
