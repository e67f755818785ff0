"""The log of a training: one JSON object a line."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.files import write_text

LOG_FILE = "log.jsonl"


class Log:
    """Appends lines to a file.

    Args:
        path: The file.
        step: Steps done: what a killed run logged beyond them is removed, since it happens again.

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
            raise self._unwritable(error) from error

    def write(self, facts: Mapping[str, object]) -> None:
        """Add a line.

        Raises:
            ArtbenchError: It can't be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ArtbenchError:
        return ArtbenchError(
            f"the log {self._path} can't be written ({error.strerror})",
            mend="Make room, and go on with --resume from the last checkpoint",
        )


def _step(line: str) -> float:
    with suppress(ValueError, KeyError, TypeError):
        return float(json.loads(line)["step"])
    # A line that was cut off.
    return float("inf")
