"""A server on this machine that speaks as much of the hub's protocol as a download needs."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server has, and what was asked of it.

    Attributes:
        files: Content by name.
        url: Where it listens.
        breaks: Names of files that break off half way.
        requests: Method, path and Range header of each request.
        tokens: What was said of who asks.
        gated: Whether files are given only to who says so.
    """

    files: Mapping[str, bytes]
    url: str = ""
    breaks: set[str] = field(default_factory=set)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    gated: bool = False


class _Server(ThreadingHTTPServer):
    hub: Hub
    repository: str
    kind: str


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.server.hub.requests.append((self.command, self.path, self.headers.get("Range")))
        self.server.hub.tokens.add(self.headers.get("Authorization"))
        path = self.path.split("?")[0]
        about = f"/api/{self.server.kind}/{self.server.repository}"
        if path in (about, f"{about}/revision/main", f"{about}/revision/{COMMIT}"):
            content = {
                "id": self.server.repository,
                "sha": COMMIT,
                "siblings": [{"rfilename": name} for name in self.server.hub.files],
            }
            self.send(json.dumps(content).encode(), body=body)
        elif path.startswith(f"{about}/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in self.server.hub.files.items()
            ]
            self.send(json.dumps(tree).encode(), body=body)
        elif self.server.hub.gated and not self.headers.get("Authorization"):
            self.send(b"", status=401, headers={"X-Error-Code": "GatedRepo"}, body=body)
        elif (name := path.removeprefix(self.folder())) in self.server.hub.files:
            self.send_file(name, body=body)
        elif "/resolve/" in path:
            self.send(b"", status=404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, body=body)
        else:
            self.send(b"", status=404, body=body)

    def folder(self) -> str:
        """What stands before the name of a file; models are asked for by branch, whose commit the answer names."""
        if self.server.kind == "models":
            return f"/{self.server.repository}/resolve/main/"
        return f"/datasets/{self.server.repository}/resolve/{COMMIT}/"

    def digest(self, data: bytes) -> str:
        """As the hub names a file: large ones, such as weights, by their SHA-256."""
        return (hashlib.sha256 if self.server.kind == "models" else hashlib.sha1)(data).hexdigest()

    def send_file(self, name: str, *, body: bool) -> None:
        data, status = self.server.hub.files[name], 200
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        headers = {"ETag": f'"{self.digest(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start[1]}-{len(data) - 1}/{len(data)}"
            data, status = data[int(start[1]) :], 206
        broken = body and name in self.server.hub.breaks
        self.send(data, status=status, headers=headers, body=body, only=len(data) // 2 if broken else None)

    def send(
        self,
        data: bytes,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        body: bool = True,
        only: int | None = None,
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data[:only])
        if only is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(repository: str, files: Mapping[str, bytes], *, kind: str = "datasets") -> Iterator[Hub]:
    """Serve a repository of `datasets` or `models` while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.repository, server.kind = repository, kind
    hub = server.hub = Hub(files, url=f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
