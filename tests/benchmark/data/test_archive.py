"""Archives with a published digest, from a server on this machine that may break off."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.data.authoring import fetch_zip
from artbench.errors import ArtbenchError
from artbench_iconclass import download as iconclass
from tests.plugins.artbench_iconclass.test_iconclass import release
from tests.support.releases.archives import zip_of


class _Server(ThreadingHTTPServer):
    content: bytes = b""
    # Bytes after which an answer breaks off, once; where it leads instead.
    breaks: int | None = None
    leads: str = ""
    ranges = True
    asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/set.zip"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        given = self.headers.get("Range")
        self.server.asked.append(given)
        if self.server.leads:
            self.send_response(302)
            self.send_header("Location", self.server.leads)
            self.end_headers()
            return
        start = int(given.removeprefix("bytes=").rstrip("-")) if given and self.server.ranges else 0
        rest = self.server.content[start:]
        self.send_response((416 if not rest else 206) if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        stop, self.server.breaks = self.server.breaks, None
        self.wfile.write(rest if stop is None else rest[:stop])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with _Server(("127.0.0.1", 0), _Handler) as made:
        made.asked = []
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def fetch(server: _Server, root: Path, *, md5: str = "", most: int = 10**6, last: str = "data.json") -> None:
    root.mkdir(exist_ok=True)
    fetch_zip(server.url, root, md5=md5 or hashlib.md5(server.content).hexdigest(), most=most, last=last)


FILES = {"data.json": b"{}", "a.jpg": bytes(range(256)) * 40, "b/c.jpg": b"picture"}


def held(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("top", ["", "testset/"])
def test_all_files_are_unpacked_and_the_archive_goes(top: str, server: _Server, tmp_path: Path) -> None:
    server.content = zip_of({f"{top}{name}": content for name, content in FILES.items()})
    fetch(server, tmp_path / "set")
    assert held(tmp_path / "set") == FILES
    # Nothing is asked again where all is there.
    fetch(server, tmp_path / "set")
    assert server.asked == [None]


@pytest.mark.parametrize("ranges", [True, False])
def test_what_broke_off_goes_on_where_the_server_can(ranges: bool, server: _Server, tmp_path: Path) -> None:
    server.content, server.breaks, server.ranges = zip_of(FILES), 300, ranges
    with pytest.raises(OSError, match=r"broke off after 300 of \d+ bytes"):
        fetch(server, tmp_path / "set")
    fetch(server, tmp_path / "set")
    assert server.asked == [None, "bytes=300-"]
    assert held(tmp_path / "set") == FILES


def test_an_archive_that_is_whole_but_not_unpacked_is_not_fetched_again(server: _Server, tmp_path: Path) -> None:
    server.content = zip_of(FILES)
    md5 = hashlib.md5(server.content).hexdigest()
    (tmp_path / f".{md5}.zip").write_bytes(server.content)
    (tmp_path / "a.jpg").write_bytes(FILES["a.jpg"])
    # Half of it was written when the machine went down.
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.jpg").write_bytes(b"pic")
    fetch(server, tmp_path)
    assert held(tmp_path) == FILES


def test_another_file_than_was_published_is_removed(server: _Server, tmp_path: Path) -> None:
    server.content = zip_of(FILES)
    with pytest.raises(ArtbenchError, match=r"is another file than was published: its MD5 is \w{32}, not f{32}"):
        fetch(server, tmp_path, md5="f" * 32)
    assert held(tmp_path) == {}


def test_more_than_stated_and_a_way_out_of_https_are_refused(server: _Server, tmp_path: Path) -> None:
    server.content = zip_of(FILES)
    with pytest.raises(ArtbenchError, match=r"sends more than 0\.0 GB"):
        fetch(server, tmp_path, most=100)
    server.leads = "ftp://127.0.0.1/set.zip"
    with pytest.raises(ArtbenchError, match=r"leads to ftp://127.0.0.1/set.zip, which is not https"):
        fetch(server, tmp_path / "other")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"data.json": b"{}", "../a.jpg": b"x"}, r"'\.\./a\.jpg' leads out of the folder"),
        ({"data.json": b"{}", "/a.jpg": b"x"}, r"'/a\.jpg' is absolute"),
        ({"a.jpg": b"x", "b.jpg": b"x"}, r"has no data\.json"),
        ({"data.json": b"{}", "a.jpg": bytes(10**7)}, r"would be larger than 0\.0 GB when unpacked"),
        ({"data.json": b"{}", "link": None}, "'link' is no file"),
    ],
)
def test_what_an_archive_may_not_hold(
    files: dict[str, bytes | None], reason: str, server: _Server, tmp_path: Path
) -> None:
    server.content = zip_of(files)
    with pytest.raises(ArtbenchError, match=reason):
        fetch(server, tmp_path / "set")
    assert not (tmp_path / "a.jpg").exists()


def test_what_is_no_zip_is_told(server: _Server, tmp_path: Path) -> None:
    server.content = b"<html>maintenance</html>"
    with pytest.raises(ArtbenchError, match=r"set\.zip can't be unpacked"):
        fetch(server, tmp_path)


def test_iconclass_is_downloaded_by_the_command_and_its_tasks_can_be_read(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = release(tmp_path / "published", volumes=4, pages=4)
    server.content = zip_of(held(written))
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(iconclass, "ARCHIVE", server.url)
    given = ["data", "download", "iconclass", "--data", f"iconclass={tmp_path / 'set'}"]
    refused = CliRunner().invoke(artbench, given)
    assert "the terms are not accepted" in str(refused.exception) + refused.output
    assert not server.asked
    # Not the published archive.
    done = CliRunner().invoke(artbench, [*given, "--accept-terms"], standalone_mode=False)
    assert f"not {iconclass.MD5}" in str(done.exception)
    monkeypatch.setattr(iconclass, "MD5", hashlib.md5(server.content).hexdigest())
    done = CliRunner().invoke(artbench, [*given, "--accept-terms"], standalone_mode=False)
    assert done.return_value == 0, done.output
    checked = CliRunner().invoke(artbench, ["data", "check", "iconclass", *given[3:]])
    assert "18 of 87,744 images" in checked.output
