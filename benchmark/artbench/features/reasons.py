"""Why pictures have no features: one line of JSON each, in a file that only grows."""

import json
from collections.abc import Mapping
from pathlib import Path

from artbench.features.store_files import write_whole
from artbench.runtime.files import read_json


class Reasons:
    """The reasons, by row; the last one of a row counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, reasons: Mapping[int, str]) -> None:
        """Write down reasons.

        Raises:
            OSError: The disk is full, say.
        """
        lines = "".join(f"{json.dumps({'row': row, 'reason': reason})}\n" for row, reason in reasons.items())
        with self.path.open("a+b", buffering=0) as file:
            file.seek(max(0, file.tell() - 1))
            # A line that a kill or a full disk has cut short must not spoil the next one.
            if file.read() not in (b"", b"\n"):
                lines = "\n" + lines
            write_whole(file, memoryview(lines.encode()))

    def read(self) -> dict[int, str]:
        """All of them; lines that are torn or spoilt by a flipped bit are left out."""
        reasons: dict[int, str] = {}
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                match read_json(line):
                    case {"row": int(row), "reason": str(reason)}:
                        reasons[row] = reason
        return reasons
