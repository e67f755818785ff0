"""A server on this machine that speaks IIIF and OAI-PMH as museums' servers do, and misbehaves when told to."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

Reply: TypeAlias = tuple[int, Mapping[str, str], bytes]


@dataclass
class Museum:
    """What the server has, and what was asked of it.

    Attributes:
        url: Where it listens.
        answers: Answer to each path with its query; several of one are given in turn, the last one from then on.
        sizes: Width and height of the whole image of each image service, by its path.
        refuses: What image services answer with 400, as part of the address.
        cuts: Paths whose answer breaks off half way.
        drips: Paths whose answer comes a byte at a time.
        asked: Paths with queries, in order.
        agents: What was said of who asks.
        at: When each request came, seconds.
    """

    url: str = ""
    answers: dict[str, list[Reply]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    cuts: dict[str, int] = field(default_factory=dict)
    drips: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at: list[float] = field(default_factory=list)

    def gives(self, path: str, *answers: bytes | str | Reply) -> None:
        """Answer a path with these, in turn."""
        self.answers[path] = [
            one if isinstance(one, tuple) else (200, {}, one.encode() if isinstance(one, str) else one)
            for one in answers
        ]


def painting(number: int, size: tuple[int, int] = (64, 48), *, kind: str = "JPEG") -> bytes:
    """An image of random stripes."""
    stripes = np.random.default_rng(number).integers(0, 255, (size[1], 1, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.repeat(stripes, size[0], axis=1)).save(file, kind)
    return file.getvalue()


_SIZE = re.compile(r"(?P<service>/.*)/full/(?P<size>[^/]+)/0/default\.jpg")


class _Handler(BaseHTTPRequestHandler):
    museum: Museum

    def do_GET(self) -> None:
        museum, path = self.museum, self.path
        museum.asked.append(path)
        museum.at.append(time.monotonic())
        museum.agents.add(self.headers.get("User-Agent", ""))
        status, headers, body = self.answer(path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if museum.cuts.get(path, 0) > 0:
            museum.cuts[path] -= 1
            body = body[: len(body) // 2]
        if path in museum.drips:
            for at in range(len(body)):
                self.wfile.write(body[at : at + 1])
                time.sleep(0.01)
            return
        self.wfile.write(body)

    def answer(self, path: str) -> Reply:
        museum = self.museum
        if (answers := museum.answers.get(path)) is not None:
            return answers.pop(0) if len(answers) > 1 else answers[0]
        found = _SIZE.fullmatch(urlsplit(path).path)
        if found is None or found["service"] not in museum.sizes:
            return 404, {}, b"not here"
        if found["size"] in museum.refuses:
            return 400, {}, b"this size is not supported"
        width, height = museum.sizes[found["service"]]
        asked = [int(part) for part in re.findall(r"\d+", found["size"])]
        scale = min(1.0, asked[0] / max(width, height))
        return 200, {"Content-Type": "image/jpeg"}, painting(1, (round(width * scale), round(height * scale)))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def museum_server(prepare: Callable[[Museum], None] = lambda _: None) -> Iterator[Museum]:
    """Run a server while the block runs."""
    museum = Museum()
    handler = type("Handler", (_Handler,), {"museum": museum})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        museum.url = f"http://127.0.0.1:{server.server_address[1]}"
        prepare(museum)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield museum
        finally:
            server.shutdown()
            thread.join()
