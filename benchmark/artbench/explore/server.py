"""Serves an exploration to browsers on this machine alone, with pictures by number, and search by picture and words.

Whoever else runs a program here can reach the port, and any website can send requests to it: so the address holds a
secret, the host must be named as it is, and only this page may send pictures. No request names a file.
"""

import hmac
import json
import re
import secrets
import threading
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from artbench.data.decode import UnreadableImage, decode_whole
from artbench.errors import ArtbenchError
from artbench.explore.contents import Exploration
from artbench.explore.page import explore_page
from artbench.explore.pictures import LONGEST, webp
from artbench.explore.search import Search

_ADDRESS = "127.0.0.1"
# Bytes of the largest picture that may be searched by, and of the longest text.
LARGEST_PICTURE, LONGEST_TEXT = 25_000_000, 2000
# Short side in pixels of a chosen picture, and how many of them are kept.
_LARGE, _KEPT = 1000, 64
# Seconds that a connection may be silent, connections at once, and pictures that are decoded at once.
_PATIENCE, _CONNECTIONS, _DECODING = 30, 64, 2
_ROW = re.compile(r"(small|large)/(0|[1-9][0-9]{0,8})")


class ExploreServer(ThreadingHTTPServer):
    """A server of one exploration on the loopback address.

    Args:
        found: The exploration, made with `out=None`, so that it has small pictures of all.
        port: The port; 0: any that is free.

    Raises:
        ArtbenchError: The port is taken, or not allowed.
    """

    daemon_threads = True
    # Another program must not take over the port of a server that has just ended.
    allow_reuse_address = False

    def __init__(self, found: Exploration, *, port: int) -> None:
        self.found = found
        self.token = secrets.token_urlsafe(24)
        self.page = explore_page(found, served=True).encode()
        self.search = Search(found)
        self.decoding = threading.Semaphore(_DECODING)
        self.large = lru_cache(maxsize=_KEPT)(self._large)
        self._connections = threading.Semaphore(_CONNECTIONS)
        try:
            super().__init__((_ADDRESS, port), _Handler)
        except OSError as error:
            raise ArtbenchError(
                f"port {port} of {_ADDRESS} can't be served on ({error.strerror})", mend="Give another --port"
            ) from error

    @property
    def address(self) -> str:
        """Address of the page, with the secret."""
        return f"http://{_ADDRESS}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser on this machine calls the server; under any other name a website may hide."""
        return f"{_ADDRESS}:{self.server_port}", f"localhost:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, or close it if there are too many."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""

    def _large(self, at: int) -> bytes:
        dataset, row = self.found.dataset, int(self.found.rows[at])
        with self.decoding:
            return webp(decode_whole(dataset.read(row), short_side=_LARGE, longest=LONGEST))


class _Handler(BaseHTTPRequestHandler):
    server: ExploreServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "artbench", ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Send the page or a picture."""
        if (path := self._allowed()) is None:
            return
        if path == "":
            self._send(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")
            return
        found = _ROW.fullmatch(path)
        if found is None or int(found[2]) >= len(self.server.found.rows):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        at = int(found[2])
        try:
            data = self.server.large(at) if found[1] == "large" else self.server.found.pictures.encoded[at]
        except (UnreadableImage, OSError, MemoryError):
            data = b""
        if data:
            self._send(HTTPStatus.OK, data, "image/webp", kept=True)
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Search by the picture or the words that are sent."""
        if (path := self._allowed()) is None:
            return
        origin = self.headers.get("Origin")
        known = {"search": (self._like, LARGEST_PICTURE)}
        if self.server.found.texts is not None:
            known["words"] = self._described, LONGEST_TEXT
        if path not in known:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif origin not in [f"http://{host}" for host in self.server.hosts]:
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            answer, most = known[path]
            if (length := self._length(most)) is not None:
                found = answer(self.rfile.read(length))
                self._send(HTTPStatus.OK, json.dumps(found).encode(), "application/json")

    def _length(self, most: int) -> int | None:
        text = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,12}", text) or self.headers.get("Transfer-Encoding"):
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(text) > most:
            size = f"{most // 10**6} MB" if most >= 10**6 else f"{most:,} bytes"
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"larger than {size}")
        else:
            return int(text)
        return None

    def _like(self, data: bytes) -> dict[str, Any]:
        try:
            return {"found": self.server.search.nearest(data)}
        except UnreadableImage as error:
            return {"error": f"This file can't be read as a picture: {error.reason}."}
        except (ArtbenchError, MemoryError, RuntimeError):
            return {"error": "This picture could not be compared."}

    def _described(self, data: bytes) -> dict[str, Any]:
        try:
            return {"found": self.server.search.by_words(data.decode())}
        except UnicodeDecodeError:
            return {"error": "These words are no UTF-8."}
        except ArtbenchError as error:
            return {"error": f"These words could not be compared: {error}"}
        except (MemoryError, RuntimeError):
            return {"error": "These words could not be compared."}

    def _allowed(self) -> str | None:
        """Return the path behind the secret; refuse a request that has another host or no secret."""
        if self.headers.get_all("Host") not in [[host] for host in self.server.hosts]:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if self.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        if self.path == "/favicon.ico":  # Every browser asks for it.
            self._send(HTTPStatus.NO_CONTENT, b"", "image/webp")
            return None
        secret, slash, path = self.path.removeprefix("/").partition("/")
        if not slash or not hmac.compare_digest(secret.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
            return None
        return path

    def _refuse(self, status: HTTPStatus, why: str = "") -> None:
        # What else was sent is not read.
        self.close_connection = True
        body = json.dumps({"error": why or status.phrase}).encode()
        self._send(status, body, "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str, *, kept: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "private, max-age=3600" if kept else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("X-Frame-Options", "DENY")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server has
        """Log nothing."""
