"""The log of a training: one JSON object a line, and the same numbers for TensorBoard."""

import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.files import write_text

LOG_FILE = "log.jsonl"
CURVES = "tensorboard"


class Log:
    """Appends lines to a file.

    Args:
        path: The file.
        step: Steps done. What a killed run logged beyond them is removed: the resumed run repeats those steps.

    Raises:
        ArtbenchError: It can't be written.
    """

    def __init__(self, path: Path, *, step: int) -> None:
        self._path = path
        try:
            if path.exists():
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                write_text(path, "".join(line + "\n" for line in lines if _step(line) <= step))
        except OSError as error:
            raise _unwritable(f"log {path}", error) from error

    def write(self, facts: Mapping[str, object]) -> None:
        """Append a line.

        Raises:
            ArtbenchError: It can't be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")
        except OSError as error:
            raise _unwritable(f"log {self._path}", error) from error


class Curves:
    """Writes the numbers of a log as TensorBoard scalars, each under its name.

    Args:
        folder: Folder of the event files.
        step: Steps done. What a killed run wrote beyond them is hidden: the resumed run repeats those steps.

    Raises:
        ArtbenchError: The folder can't be written.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder = folder
        try:
            self._writer = SummaryWriter(str(folder), purge_step=step + 1)
        except OSError as error:
            raise _unwritable(f"curves in {folder}", error) from error

    def write(self, facts: Mapping[str, object]) -> None:
        """Write the numbers of a line of the log.

        Raises:
            ArtbenchError: They can't be written.
        """
        try:
            for name, value in facts.items():
                if name != "step" and isinstance(value, int | float):
                    self._writer.add_scalar(name, value, int(str(facts["step"])))
            self._writer.flush()
        except OSError as error:
            raise _unwritable(f"curves in {self._folder}", error) from error


def _step(line: str) -> float:
    with suppress(ValueError, KeyError, TypeError):
        return float(json.loads(line)["step"])
    # An incomplete line.
    return float("inf")


def _unwritable(what: str, error: OSError) -> ArtbenchError:
    mend = "Make room, and go on with --resume from the last checkpoint"
    return ArtbenchError(f"the {what} can't be written ({error.strerror})", mend=mend)


def check_tensorboard() -> None:
    """Raise unless TensorBoard is installed.

    Raises:
        UsageError: It is not.
    """
    if find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs TensorBoard", mend="pip install 'artbench[tensorboard]'")
