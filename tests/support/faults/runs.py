"""Runs on a disk that fails at one call, each in a process forked from this program.

`python -m tests.support.faults.runs LIBRARY FOLDER` reads lines of JSON from stdin, each a `Case`, and answers each
with a line: what the failing run said, how the record was after it, and what the same command left after that. The
library (`failing_disk.c`) must be preloaded.
"""

import ctypes
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from artbench.data.decode import decode_path
from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.loading import load_plugins
from artbench.protocol import LINEAR_V2
from artbench.records.folder import ResultsFolder, ResultsIndex
from artbench.runtime.progress import Silent
from tests.support.faults.case import MODES, Case
from tests.support.plugins import TOY

# A store's time of making, and reasons that may be there twice.
_VARIABLE = {"manifest.json", "unreadable.jsonl"}

# Fits that take no time: the penalty makes no difference to what is written.
_PROTOCOL = replace(LINEAR_V2, probe=replace(LINEAR_V2.probe, grid=(1.0, 10.0)))
_IMAGES = 30


class Disk:
    """Runs below one folder."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._folder = folder
        self._registry = load_plugins([TOY], only="")
        self._whole = folder / "whole"

    def prepare(self) -> dict[str, str]:
        """Run once undisturbed; return what it left."""
        data = self._folder / "data"
        data.mkdir(parents=True)
        spec = self._registry.datasets.get("toy")
        spec.prepare(data)  # type: ignore[operator, misc]
        for number, image in enumerate(sorted(data.glob("*.png"))):
            if number >= _IMAGES:
                image.unlink()
        (data / "005.png").write_bytes(b"")  # One of them can't be read.
        assert self._in_child(lambda: self._run(self._whole)) == "done"
        return left(self._whole)

    def calls(self, *, fresh: bool) -> list[str]:
        """List the calls of an undisturbed run: name and path."""
        place, log = self._place(fresh=fresh), self._folder / "calls.txt"

        def logged() -> str:
            with log.open("wb") as file:
                self._library.faults_arm(os.fsencode(place), ctypes.c_long(0), 0, file.fileno())
                return self._run(place, fresh=fresh)

        assert self._in_child(logged) == "done"
        return log.read_text().replace(str(place), "").splitlines()

    def try_(self, case: Case) -> dict[str, Any]:
        """Let a run fail, and run the same command again."""
        place = self._place(fresh=case.fresh)

        def failing() -> str:
            self._library.faults_arm(os.fsencode(place), ctypes.c_long(case.call), MODES.index(case.mode), -1)
            return self._run(place, fresh=case.fresh)

        said = self._in_child(failing)
        kept = self._in_child(lambda: self._kept(place)) if case.fresh else ""
        again = self._in_child(lambda: self._run(place, fresh=case.fresh and said != "done"))
        return {"said": said, "kept": kept, "again": again, "left": left(place)}

    def _place(self, *, fresh: bool) -> Path:
        place = self._folder / "disk"
        shutil.rmtree(place, ignore_errors=True)
        if fresh:
            shutil.copytree(self._whole, place)
        else:
            place.mkdir()
        return place

    def _request(self, place: Path, *, fresh: bool) -> RunRequest:
        return RunRequest(
            backbones=["toy-patches"],
            pretrainings=["random"],
            tasks=["toy-colour"],
            results=place / "results",
            paths=DatasetPaths(by_name={"toy": self._folder / "data"}),
            device="cpu",
            workers=1,
            fresh=fresh,
            allow_partial=True,
            protocol=_PROTOCOL,
        )

    def _run(self, place: Path, *, fresh: bool = False) -> str:
        os.environ["ARTBENCH_CACHE"] = str(place / "cache")
        try:
            outcome = run(self._request(place, fresh=fresh), registry=self._registry, reporter=Silent())
        except ArtbenchError as error:
            return f"error: {error.message}"
        return "done" if not outcome.failures else f"error: {outcome.failures}"

    @staticmethod
    def _kept(place: Path) -> str:
        """Say whether a record is there that may be believed."""
        ledger = ResultsIndex(ResultsFolder(place / "results"), Silent())
        (record,) = ledger.records
        return "whole" if ledger.find(record.board, lambda _: True) else "damaged"

    def _in_child(self, work: Callable[[], str]) -> str:
        """Return what `work` returns in a forked process; `killed` if that did not end well."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                answer = work()
            except BaseException:
                answer = f"fault: {traceback.format_exc()}"
            os.write(writing, answer[-4000:].encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answers:
            answer = answers.read().decode()
        _, status = os.waitpid(child, 0)
        return answer if status == 0 else "killed"


def left(place: Path) -> dict[str, str]:
    """Return the digest of all that a run leaves and that is the same each time, and the names of temporary files."""
    found = {}
    for file in sorted(place.rglob("*")):
        name = file.relative_to(place).as_posix()
        if ".lease" in name:  # What fails there is removed by whoever comes some minutes later.
            continue
        if file.name.endswith(".tmp"):
            found[name] = "left over"
        elif file.is_file() and ".contents" not in name and file.name not in _VARIABLE:
            content = file.read_bytes()
            if file.suffix == ".json":
                record: Any = json.loads(content)
                if isinstance(record, dict) and "provenance" in record:
                    del record["timing"], record["provenance"]["created"]
                content = json.dumps(record, sort_keys=True).encode()
            found[name] = sha256(content).hexdigest()
    return found


def main() -> None:
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # Fewer threads, each of which a fork would start anew.
    decode_path()
    _warm(np.zeros((4, 4, 3), np.uint8))
    disk = Disk(Path(sys.argv[1]), Path(sys.argv[2]))
    _say(disk.prepare())
    for line in sys.stdin:
        asked = json.loads(line)
        _say(disk.calls(fresh=asked["fresh"]) if "call" not in asked else disk.try_(Case(**asked)))


def _warm(pixels: NDArray[np.uint8]) -> None:
    """Import what a first use imports, so that no forked process needs to."""
    import sklearn.linear_model  # noqa: F401

    Image.init()
    Image.fromarray(pixels)


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
