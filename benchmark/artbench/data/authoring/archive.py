"""Fetching an archive whose publisher gives a digest of it, and unpacking it into a dataset's folder."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from artbench.data.authoring.listing import listed_path
from artbench.errors import ArtbenchError

# Seconds that a server may be silent.
_SILENT = 60.0
_CHUNK = 1 << 20
# What is unpacked may be so many times as large as the archive: images hardly are.
_GROWTH = 4


def fetch_zip(url: str, root: Path, *, md5: str, most: int, last: str) -> None:
    """Fetch a zip into a folder and unpack it there; goes on where it was stopped.

    Nothing is unpacked before the whole archive has the digest. Where all files lie in one folder of the archive, what
    is in that folder is unpacked. The archive is removed in the end, so that for a while twice its size is needed.

    Args:
        url: Address of the zip.
        root: The dataset's folder.
        md5: MD5 of the archive, as its publisher states it, 32 hexadecimal digits.
        most: Largest size of the archive, in bytes.
        last: File that is unpacked after all others, such as the list; where it is there, nothing is fetched.

    Raises:
        ArtbenchError: The server has no such file, or another one, or what is in it is not what it should be.
        OSError: The server can't be reached, or the folder can't be written.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import fetch_zip
        >>> Path("emblems").mkdir()
        >>> size = Path("emblems/data.json").write_text("{}")  # All is there.
        >>> digest = "99914b932bd37a50b983c5e7c90ae93b"
        >>> fetch_zip("https://example.org/emblems.zip", Path("emblems"), md5=digest, most=10**9, last="data.json")
    """
    if (root / last).is_file():
        return
    archive = root / f".{md5}.zip"
    _fetch(url, archive, most=most)
    found = hashlib.md5(usedforsecurity=False)
    with archive.open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    if found.hexdigest() != md5:
        archive.unlink()
        raise ArtbenchError(
            f"{url} is another file than was published: its MD5 is {found.hexdigest()}, not {md5}",
            mend="It was removed. Try again later, or compare with the dataset's page",
        )
    try:
        with zipfile.ZipFile(archive) as opened:
            _unpack(opened, root, most=most * _GROWTH, last=last)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ArtbenchError(f"{url} can't be unpacked ({error})") from error
    archive.unlink()


class _Redirects(HTTPRedirectHandler):
    """Leads from one server to another, but never out of https."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if urlsplit(newurl).scheme not in ("https", urlsplit(req.full_url).scheme):
            raise ArtbenchError(f"{req.full_url} leads to {newurl[:200]}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, archive: Path, *, most: int) -> None:
    opener = build_opener(_Redirects())
    have = archive.stat().st_size if archive.is_file() else 0
    with _asked(opener, url, have) as response:
        if response is None:  # There is nothing behind what is here.
            return
        start = have if response.status == 206 else 0
        size = start + int(response.headers.get("Content-Length", 0))
        with archive.open("ab" if start else "wb") as file, _progress(url.rpartition("/")[2], start, size) as advance:
            total = start
            while part := response.read(_CHUNK):
                total += len(part)
                if total > most:
                    raise ArtbenchError(
                        f"{url} sends more than {most / 1e9:,.1f} GB", mend="Look at the dataset's page"
                    )
                file.write(part)
                advance(len(part))
        if total < size:
            raise ConnectionError(f"the server broke off after {total:,} of {size:,} bytes")


@contextmanager
def _asked(opener: OpenerDirector, url: str, have: int) -> Iterator[Any]:
    request = Request(url, headers={"User-Agent": "artbench"} | ({"Range": f"bytes={have}-"} if have else {}))  # noqa: S310  a plugin's own
    try:
        with opener.open(request, timeout=_SILENT) as response:
            yield response
    except HTTPError as error:
        if error.code == 416 and have:
            yield None
            return
        raise ArtbenchError(
            f"{url}: the server answers {error.code}", mend="Look at the dataset's page, or try again later"
        ) from error


@contextmanager
def _progress(name: str, start: int, size: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as shown:
        task = shown.add_task(name, completed=start, total=size or None)
        yield lambda count: shown.advance(task, count)


def _unpack(archive: zipfile.ZipFile, root: Path, *, most: int, last: str) -> None:
    """Unpack the files of an archive, `last` after all others, but for those that are there already."""
    files = _files(archive)
    if sum(info.file_size for info in files.values()) > most:
        raise ArtbenchError(f"{archive.filename} would be larger than {most / 1e9:,.1f} GB when unpacked")
    if last not in files and len({name.partition("/")[0] for name in files}) == 1:
        files = {name.partition("/")[2]: info for name, info in files.items()}
    if last not in files:
        raise ArtbenchError(f"{archive.filename} has no {last}")
    # One name for all, since there may be a hundred thousand files in the folder.
    temporary = root / f".{Path(str(archive.filename)).stem}.tmp"
    for name in (*(name for name in files if name != last), last):
        place, info = root / name, files[name]
        if place.is_file() and place.stat().st_size == info.file_size:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as packed, temporary.open("wb") as file:
            while part := packed.read(_CHUNK):
                file.write(part)
        temporary.replace(place)


def _files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by their names; raise an ArtbenchError if something else is in it."""
    files = {}
    for info in archive.infolist():
        if info.is_dir():
            continue
        where = f"{archive.filename}: {info.filename[:100]!r}"
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise ArtbenchError(f"{where} is no file")
        try:
            files[listed_path(info.filename)] = info
        except ValueError as error:
            raise ArtbenchError(f"{where} {error}") from error
    return files
