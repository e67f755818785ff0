"""Fetches the pictures of a source into a folder that is then an ordinary collection."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.harvest.client import Client, RefusedError
from artbench.harvest.iiif import LARGEST, pictures, read_document
from artbench.harvest.image import fetch_image
from artbench.harvest.journal import Journal
from artbench.harvest.oai import ForgottenError, pages
from artbench.harvest.picture import OWN_COLUMNS, Picture
from artbench.harvest.request import HarvestRequest
from artbench.harvest.table import listed_pictures
from artbench.runtime.files import atomic_write, file_errors, write_text
from artbench.runtime.progress import RESUMED, Reporter
from artbench.runtime.text import counted, spreadsheet_text

IMAGES, TABLE = "images", "collection.csv"
# Pictures of a list until it is told how many there are; then twice as many, and so on.
_FIRST_TOLD = 100
# What rights begin with where a picture may be used and passed on.
_OPEN = re.compile(
    r"https?://(?:creativecommons\.org/(?:publicdomain|licenses)/|rightsstatements\.org/(?:vocab|page)/NoC-)"
    r"|public domain|cc0\b|cc[- ]by",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Harvested:
    """What a harvest has fetched.

    Attributes:
        table: The table of the collection, `collection.csv`.
        pictures: Number of pictures that are there.
        refused: Why others are not there, by the id of the source.
        closed: Number of pictures that were left out for their rights.
        rights: Number of pictures under each statement of rights, the most frequent first; empty for none.
    """

    table: Path
    pictures: int
    refused: dict[str, str]
    closed: int
    rights: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return what `artbench data harvest --json` prints."""
        return {
            "table": str(self.table),
            "pictures": self.pictures,
            "refused": self.refused,
            "left_out_for_rights": self.closed,
            "rights": self.rights,
        }


def harvest(request: HarvestRequest, *, reporter: Reporter, client: Client | None = None) -> Harvested:
    """List the pictures of a source, fetch those that are not there yet, and write the table of the collection.

    A harvest that was stopped goes on where it was. What can't be had is told and tried again by the next call.

    Args:
        request: The source and the folder.
        reporter: Receives progress and notices.
        client: Asks the servers; None: one as the request says.

    Raises:
        UsageError: The folder holds another harvest, or the table has no column of addresses.
        StopError: A server wants no more requests for now.
        ArtbenchError: The source can't be read, has no picture, or the folder can't be written.
    """
    asking = client or Client(delay=request.delay, private=request.private, contact=request.contact)
    with Journal(request.out, request.asked) as journal:
        try:
            _list(request, journal, asking, reporter)
            wanted = [one for one in journal.listed.values() if not request.open_only or _OPEN.search(one.rights)]
            closed = len(journal.listed) - len(wanted)
            wanted = wanted[: request.limit]
            _fetch(wanted, request, journal, asking, reporter)
        finally:
            if journal.files:
                _write_table(request.out, journal)
        if not journal.files:
            why = next(iter(journal.refused.values()), "it lists none")
            raise ArtbenchError(f"no picture of {request.source} could be had: {why.rstrip('.')}")
        there = [one for one in wanted if one.id in journal.files]
        return Harvested(
            table=request.out / TABLE,
            pictures=len(there),
            refused={one.id: journal.refused[one.id] for one in wanted if one.id in journal.refused},
            closed=closed,
            rights=dict(Counter(one.rights for one in there).most_common()),
        )


def _list(request: HarvestRequest, journal: Journal, client: Client, reporter: Reporter) -> None:
    """Note the pictures of the source, until there are as many as are wanted."""
    if journal.complete:
        return
    if request.is_table:
        listed, column = listed_pictures(Path(request.source), column=request.column)
        reporter.notice(f"{request.source}: {len(listed):,} addresses of images in the column {column!r}")
        found: Iterator[Picture] = iter(listed)
    elif request.is_oai:
        found = _of_oai(request, journal, client, reporter)
    else:
        found = _of_iiif(request, journal, client, reporter)
    enough = None if request.limit is None or request.open_only else request.limit
    reporter.notice(f"{request.source}: listing its pictures")
    told = _FIRST_TOLD
    for picture in islice(found, None if enough is None else max(0, enough - len(journal.listed))):
        journal.list_(picture)
        if len(journal.listed) >= told:
            reporter.notice(f"{len(journal.listed):,} pictures are listed so far")
            told *= 2
    if enough is None:
        journal.write("complete")


def _of_iiif(request: HarvestRequest, journal: Journal, client: Client, reporter: Reporter) -> Iterator[Picture]:
    answer = client.get(request.source, most=LARGEST)
    walked = pictures(
        read_document(answer.data, answer.url),
        answer.url,
        client=client,
        every=request.every,
        known=journal.documents.__contains__,
        told=reporter.notice,
    )
    for address, found in walked:
        yield from (one for one in found if one.id not in journal.listed)
        journal.write("document", url=address)


def _of_oai(request: HarvestRequest, journal: Journal, client: Client, reporter: Reporter) -> Iterator[Picture]:
    endpoint, without = request.source.removeprefix("oai:"), 0
    while True:
        try:
            for found, token, empty in pages(endpoint, client=client, set_=request.set_, token=journal.token):
                without += empty
                yield from (one for one in found if one.id not in journal.listed)
                journal.write("page", token=token)
            break
        except ForgottenError as error:
            reporter.notice(f"{error.message}. The list is read from its beginning; what is fetched is kept")
            journal.write("page", token="")
    if without:
        reporter.notice(f"{counted(without, 'work')} of the list {'has' if without == 1 else 'have'} no image")


def _fetch(
    wanted: list[Picture], request: HarvestRequest, journal: Journal, client: Client, reporter: Reporter
) -> None:
    left = [one for one in wanted if one.id not in journal.files]
    with reporter.counting("fetching", total=len(wanted), unit="pictures") as counter:
        if len(left) < len(wanted):
            counter.advance(len(wanted) - len(left), note=RESUMED)
        for picture in left:
            try:
                data, suffix = fetch_image(picture, side=request.side, client=client)
            except RefusedError as error:
                journal.write("refused", id=picture.id, why=str(error))
            else:
                file = f"{IMAGES}/{_name(picture)}{suffix}"
                with (
                    file_errors(f"{request.out / file} can't be written", mend="What is fetched is kept"),
                    atomic_write(request.out / file) as temporary,
                ):
                    temporary.write_bytes(data)
                journal.write("fetched", id=picture.id, file=file)
            counter.advance()


def _name(picture: Picture) -> str:
    """Return a file name from the title, unique by the id: `portrait-of-a-woman-3f2a91c07b1e`."""
    digest = hashlib.sha256(picture.id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    words = re.sub(r"[^a-z0-9]+", "-", picture.title.lower())[:40].strip("-")
    return f"{words}-{digest}" if words else digest


def _write_table(out: Path, journal: Journal) -> None:
    there = [one for one in journal.listed.values() if one.id in journal.files]
    columns = list(dict.fromkeys(name for one in there for name in one.columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*OWN_COLUMNS, *map(spreadsheet_text, columns)])
    for one in there:
        said = [one.title, one.object, one.rights, one.id, *(one.columns.get(name, "") for name in columns)]
        writer.writerow([journal.files[one.id], *map(spreadsheet_text, said)])
    with file_errors(f"{out / TABLE} can't be written", mend="Give the same command again"):
        write_text(out / TABLE, text.getvalue())
