"""What a harvest has listed and fetched so far, so that it goes on after any end."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from artbench.errors import UsageError
from artbench.harvest.picture import Picture
from artbench.runtime.files import file_errors, read_json, write_text

FOLDER, SUMMARY, JOURNAL = ".harvest", "request.json", "journal.jsonl"


class Journal:
    """A file of lines, each of which is on disk before the next thing is done; a line that was cut off is left out.

    Attributes:
        listed: The pictures that are known, by id, in order.
        files: File of each picture that is there, by id.
        refused: Why pictures can't be had, by id.
        documents: Addresses of manifests that were read.
        token: Where an OAI-PMH list goes on; empty: at its beginning.
        complete: Whether all pictures of the source are listed.

    Args:
        out: Folder of the collection.
        asked: What decides which pictures are fetched.

    Raises:
        UsageError: The folder holds another harvest.
        ArtbenchError: It can't be read or written.
    """

    def __init__(self, out: Path, asked: Mapping[str, object]) -> None:
        self.listed: dict[str, Picture] = {}
        self.files: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.documents: set[str] = set()
        self.token, self.complete = "", False
        self._out, folder = out, out / FOLDER
        with file_errors(f"{folder} can't be written", mend="Name another folder with --out"):
            folder.mkdir(parents=True, exist_ok=True)
            self._path = folder / JOURNAL
            before = read_json(folder / SUMMARY)
            # A harvest that listed nothing, such as one of a mistyped address, holds nothing.
            if before and before != asked and self._path.exists() and self._path.stat().st_size:
                differing = ", ".join(sorted(key for key in {*before, *asked} if before.get(key) != asked.get(key)))
                raise UsageError(
                    f"{out} holds another harvest: {differing} differ",
                    mend="Name another folder, or ask the same again",
                )
            write_text(folder / SUMMARY, json.dumps(asked, indent=1, ensure_ascii=False) + "\n")
            self._read()
            self._file = self._path.open("ab")

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, kind: str, **facts: Any) -> None:
        """Note a fact, and take it in; on disk at once is all but a listing, which can be made again."""
        line = json.dumps({"kind": kind, **facts}, ensure_ascii=False, separators=(",", ":")) + "\n"
        with file_errors(f"{self._path} can't be written", mend="What is fetched is kept: give the same command again"):
            self._file.write(line.encode("utf-8", "surrogatepass"))
            self._file.flush()
            if kind != "listed":
                os.fsync(self._file.fileno())
        self._take(kind, facts)

    def list_(self, picture: Picture) -> None:
        """Note a picture of the source, unless it is known."""
        if picture.id not in self.listed:
            self.write("listed", picture=json.loads(picture.as_json()))

    def _read(self) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            # A kill has cut off its last line.
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
        for line in whole.splitlines():
            with suppress(ValueError, TypeError, KeyError):
                found = json.loads(line)
                self._take(found.pop("kind"), found)

    def _take(self, kind: str, facts: Mapping[str, Any]) -> None:
        if kind == "listed":
            picture = Picture.from_json(facts["picture"])
            self.listed.setdefault(picture.id, picture)
        elif kind == "fetched" and (self._out / str(facts["file"])).is_file():
            self.files[facts["id"]] = str(facts["file"])
            self.refused.pop(facts["id"], None)
        elif kind == "refused":
            self.refused[facts["id"]] = str(facts["why"])
        elif kind == "document":
            self.documents.add(facts["url"])
        elif kind == "page":
            self.token = str(facts["token"])
        elif kind == "complete":
            self.complete = True
