"""The log of a training: one JSON object per line, and the same numbers for TensorBoard."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.files import write_text
from artbench.runtime.lease import check_held

LOG_FILE = "log.jsonl"
CURVES = "tensorboard"


class Log:
    """Appends lines to a file.

    Args:
        path: Path of the file.
        step: Number of steps done. Lines that a killed run wrote about later ones are removed: they are repeated.

    Raises:
        ArtbenchError: The file can't be written.
    """

    def __init__(self, path: Path, *, step: int) -> None:
        self._path = path
        with _writing(f"log {path}"):
            if path.exists():
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                write_text(path, "".join(line + "\n" for line in lines if _step(line) <= step))

    def write(self, facts: Mapping[str, object]) -> None:
        """Append a line, or raise `ArtbenchError`."""
        with _writing(f"log {self._path}"), self._path.open("a", encoding="utf-8") as file:
            check_held()
            file.write(json.dumps(facts) + "\n")


class Curves:
    """Writes the numbers of a log as TensorBoard scalars, each under its name.

    Args:
        folder: Folder of the event files.
        step: Number of steps done. What a killed run wrote about later ones is hidden: they are repeated.

    Raises:
        ArtbenchError: The folder can't be written.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._name = f"curves in {folder}"
        with _writing(self._name):
            self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def write(self, facts: Mapping[str, object]) -> None:
        """Write the numbers of a line of the log, or raise `ArtbenchError`."""
        with _writing(self._name):
            for name, value in facts.items():
                if name != "step" and isinstance(value, int | float):
                    self._writer.add_scalar(name, value, int(str(facts["step"])))
            self._writer.flush()


def _step(line: str) -> float:
    with suppress(ValueError, KeyError, TypeError):
        return float(json.loads(line)["step"])
    # An incomplete line.
    return float("inf")


@contextmanager
def _writing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        mend = "Make room, and continue with --resume from the last checkpoint"
        raise ArtbenchError(f"the {what} can't be written ({error.strerror})", mend=mend) from error


def check_tensorboard() -> None:
    """Raise `UsageError` unless TensorBoard is installed."""
    if find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs TensorBoard", mend="pip install 'artbench[tensorboard]'")
