"""The weights that a checkpoint gives a backbone: found, checked to be of its architecture, positions resampled."""

from dataclasses import dataclass
from pathlib import Path

import torch

from artbench.encoders.architecture import other_heads, strangers
from artbench.encoders.backbone import Backbone
from artbench.encoders.checkpoint import read_checkpoint
from artbench.encoders.checkpoint_path import MEND, checkpoint_file, checkpoint_name
from artbench.encoders.fit import Fit, fit_checkpoint, shown, tensor_names
from artbench.encoders.layouts import FLAT
from artbench.encoders.normalisation import Normalisation
from artbench.encoders.positions import METHOD, other_grids, resampled
from artbench.encoders.provenance import training_history, training_pool
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class CheckpointReader:
    """Reads the weights of one backbone out of checkpoints.

    Attributes:
        backbone: The backbone, built.
        resample: Whether positions are resampled for the backbone's size, because a size was asked for.
        normalisation: Mean and standard deviation to use; None: those that the layout tells, else the backbone's.
        reporter: Receives notices.
    """

    backbone: Backbone
    resample: bool
    normalisation: Normalisation | None
    reporter: Reporter

    def read(self, path: Path) -> Weights:
        """Read the weights, and say in notices what was chosen, left out or changed.

        Raises:
            ArtbenchError: The file can't be read, holds no weight of the backbone, or is of another architecture.
        """
        content = read_checkpoint(checkpoint_file(path))
        name, fit = checkpoint_name(path), self._fit(path, content)
        self._check_architecture(path, content, fit)
        if fit.others:
            place = fit.place or "its plain state dict"
            self.reporter.notice(
                f"{name}: took the weights in {place}; others there fit as well: {'; '.join(fit.others)}"
            )
        report_left_out(name, list(fit.left_out), self.backbone, self.reporter)
        if fit.spelling is not None and fit.spelling.untold:
            self._say_untold(name, fit.spelling.untold)
        state, changes = self._sized(path, name, fit)
        chosen, said = self._normalised(name, fit)
        notes = [note for note in (fit.place, *changes, said) if note]
        return Weights(
            state=state,
            source=f"{name} ({'; '.join(notes)})" if notes else name,
            mean=None if chosen is None else chosen.mean,
            std=None if chosen is None else chosen.std,
            pool=training_pool(checkpoint_file(path)),
            training=training_history(checkpoint_file(path)),
        )

    def _fit(self, path: Path, content: object) -> Fit:
        try:
            fit = fit_checkpoint(content, self.backbone.module.state_dict())
        # Tensors come in kinds that can't be compared, and the other encoders of a run are not to blame for that.
        except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ArtbenchError(f"{path} holds tensors that can't be used ({reason})", mend=MEND) from error
        if fit is not None:
            return fit
        names = tensor_names(content)
        if any(FLAT.search(name) for name in names):
            raise ArtbenchError(
                f"{path} holds the flattened weights of FSDP, whose names are lost",
                mend="Save the full state dict where it was made: StateDictType.FULL_STATE_DICT",
            )
        holds = f"it holds {shown(names, most=3)}" if names else "it holds no tensors by name"
        raise ArtbenchError(
            f"{path} has no weight of {self.backbone.name}: {holds}",
            mend=f"Give a checkpoint of {self.backbone.name}, with the names its library uses",
        )

    def _check_architecture(self, path: Path, content: object, fit: Fit) -> None:
        name = self.backbone.name
        others = strangers(fit.beside, self.backbone.module.state_dict())
        if others:
            raise ArtbenchError(
                f"{path} is of another architecture than {name}, whose blocks have no {shown(others, most=3)}",
                mend="Give the backbone that it was trained with, as --backbone",
            )
        heads = other_heads(content, fit, self.backbone.module)
        if heads is not None:
            teller, there, own = heads
            raise ArtbenchError(
                f"{path} was trained with {there} attention heads, as {teller}, and {name} has {own}: its features "
                "would mean nothing",
                mend=f"Give a backbone with {there} heads; where its plugin offers it, {_plain(name)}@heads={there}",
            )

    def _say_untold(self, name: str, untold: str) -> None:
        kinds = {type(part).__name__ for part in self.backbone.module.modules()}
        has = " and ".join(sorted(kind for kind in kinds if "GELU" in kind)) or "neither"
        self.reporter.notice(
            f"{name}: its names don't tell {untold}; {self.backbone.name} has {has}. With the other one its features "
            "are wrong"
        )

    def _sized(self, path: Path, name: str, fit: Fit) -> tuple[dict[str, torch.Tensor], list[str]]:
        state, changes = dict(fit.state), []
        wanted = self.backbone.module.state_dict()
        for key, (before, after) in sorted(other_grids(state, wanted).items()):
            if not self.resample:
                side = before * (self.backbone.input_size or 0) // after
                raise ArtbenchError(
                    f"{path} has positions for {before} x {before} patches, {self.backbone.name} for {after} x {after}",
                    mend=f"--backbone {_plain(self.backbone.name)}@size={side} takes them as they are, any other "
                    "resamples them",
                )
            state[key] = resampled(state[key], to=wanted[key])
            change = f"positions resampled from {before} x {before} to {after} x {after} patches, {METHOD}"
            self.reporter.notice(f"{name}: {change}")
            changes.append(change)
        return state, changes

    def _normalised(self, name: str, fit: Fit) -> tuple[Normalisation | None, str]:
        """The mean and standard deviation, and what to say of them on record."""
        if self.normalisation is not None:
            return self.normalisation, "mean and std as given"
        own = Normalisation(mean=self.backbone.mean, std=self.backbone.std)
        if fit.origin is None or own == Normalisation(*fit.origin.normalisation):
            return None, ""
        known = Normalisation(*fit.origin.normalisation)
        said = f"mean and std of {fit.origin.name}"
        self.reporter.notice(
            f"{name}: {said} ({known}), not {self.backbone.name}'s ({own}); --mean and --std change it"
        )
        return known, said


def _plain(name: str) -> str:
    return name.partition("@")[0]


def report_left_out(origin: str, names: list[str], backbone: Backbone, reporter: Reporter) -> None:
    """Say which tensors of some weights a backbone does not have, if there are any."""
    if names:
        count = "1 tensor" if len(names) == 1 else f"{len(names)} tensors"
        reporter.notice(f"{origin}: left out {count} that {backbone.name} does not have: {shown(names, most=3)}")
