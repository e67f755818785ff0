"""What `artbench pretrain --resume` need not be told, because the folder knows it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.errors import ArtbenchError

if TYPE_CHECKING:
    from artbench.pretrain.resume_state import Begun


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to train on what, as the command or the record of a begun training says.

    Attributes:
        method: Name of the method.
        backbone: Name of the backbone.
        datasets: Their names.
        seed: Of the run.
        begun: The training on record; None where there is none to go on with.
    """

    method: str
    backbone: str
    datasets: Sequence[str]
    seed: int
    begun: "Begun | None"

    @contextmanager
    def recalling(self) -> Iterator[None]:
        """Tell with an error of the block how the training was begun: a name may be only on record.

        Raises:
            ArtbenchError: The block did.
        """
        try:
            yield
        except ArtbenchError as error:
            if self.begun is None:
                raise
            mend = f"{error.mend}. " if error.mend and error.mend[-1] not in "?." else f"{error.mend} ".lstrip()
            raise type(error)(error.message, mend=f"{mend}The whole command: {self.begun.command}") from error


def wanted(
    *,
    method: str | None,
    backbone: str | None,
    datasets: Sequence[str],
    seed: int | None,
    out: Path,
    resume: bool,
) -> Wanted:
    """What is asked for; with `resume`, what is not given is taken from the record in `out`.

    Raises:
        click.MissingParameter: Neither says it.
        ArtbenchError: The record can't be read.
    """
    begun = None
    if resume:
        # Only now: torch takes seconds to import.
        from artbench.pretrain.resume_state import read_begun

        begun = read_begun(out)
    if begun is not None:
        method, backbone = method or begun.method, backbone or begun.backbone
        datasets, seed = datasets or tuple(begun.datasets), begun.seed if seed is None else seed
    why = f"{out} holds no checkpoint that says it" if resume and begun is None else None
    if not method:
        raise _missing("method", why)
    if not backbone:
        raise _missing("backbone", why)
    if not datasets:
        raise _missing("datasets", why or (None if begun is None else "The checkpoint does not say it"))
    return Wanted(method=method, backbone=backbone, datasets=datasets, seed=seed or 0, begun=begun)


def _missing(name: str, why: str | None) -> click.MissingParameter:
    context = click.get_current_context()
    parameter = next(parameter for parameter in context.command.params if parameter.name == name)
    # Else it is shown as what may be left out.
    hint = f"'{name.upper()}'" if isinstance(parameter, click.Argument) else None
    return click.MissingParameter(why, ctx=context, param=parameter, param_hint=hint)
