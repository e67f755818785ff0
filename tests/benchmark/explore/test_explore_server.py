"""The server: what it sends to its own page, and what it refuses to everybody else."""

import http.client
import io
import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import artbench
from artbench.errors import ArtbenchError
from artbench.explore.server import LARGEST_PICTURE, ExploreServer
from tests.benchmark.explore.collections import BROKEN, painted
from tests.support.pages import open_page


@pytest.fixture(scope="module")
def served(museum: Path) -> Iterator[ExploreServer]:
    found = artbench.explore(
        f"collection:{museum}", backbone="colour-histogram", pretraining="none", layout="pca", out=None
    )
    with ExploreServer(found, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ExploreServer,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes, dict[str, str]]:
    """Ask for a path behind the secret, or for any if it begins with a slash."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, path if path.startswith("/") else f"/{server.token}/{path}", body, dict(headers or {}))
    answer = connection.getresponse()
    found = answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


def own(server: ExploreServer) -> dict[str, str]:
    return {"Origin": f"http://127.0.0.1:{server.server_port}"}


def test_it_listens_on_the_loopback_address_alone_under_a_secret(served: ExploreServer) -> None:
    assert served.server_address[0] == "127.0.0.1"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", served.address)
    status, body, headers = ask(served, "")
    assert status == 200
    assert b"drop it on this page" in body
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    for path in ("/", "/index.html", f"/{served.token[:-1]}x/", f"/{served.token}", "/" + "a" * 5000):
        assert ask(served, path)[0] == 404


def test_pictures_come_by_number_small_and_large(served: ExploreServer) -> None:
    for kind in ("small", "large"):
        status, body, headers = ask(served, f"{kind}/7")
        assert (status, headers["content-type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(body)).size == (200, 150)


@pytest.mark.parametrize(
    "path",
    [
        "small/42",
        "small/-1",
        "small/007",
        "small/999999999999999999999",
        "small/1?x=1",
        "small/1/../2",
        "large/../../museum.csv",
        "large/%2e%2e%2fmuseum.csv",
        "large/red-01.png",
        "../../etc/passwd",
        "search",
        "museum.csv",
    ],
)
def test_nothing_else_is_found_neither_rows_out_of_range_nor_paths(served: ExploreServer, path: str) -> None:
    assert ask(served, path)[0] == 404


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.example.org:80", ""])
def test_another_host_is_refused_so_that_no_website_can_pass_for_it(served: ExploreServer, host: str) -> None:
    assert ask(served, "", headers={"Host": host})[0] == 421


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1", None])
def test_only_its_own_page_may_send_pictures(served: ExploreServer, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    assert ask(served, "search", method="POST", body=b"x", headers=headers)[0] == 403
    assert ask(served, "small/1", headers={"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_a_picture_finds_itself_and_those_like_it(served: ExploreServer) -> None:
    file = io.BytesIO()
    painted(25, (40, 60, 200)).save(file, "PNG")
    status, body, _ = ask(served, "search", method="POST", body=file.getvalue(), headers=own(served))
    found = json.loads(body)["found"]
    assert status == 200
    assert len(found) == 42
    assert served.found.ids[found[0][0]] == "blue-05.png"
    assert found[0][1] == pytest.approx(1, abs=1e-3)
    assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)


def test_what_is_no_picture_gets_a_line_and_a_huge_body_is_not_read(served: ExploreServer, museum: Path) -> None:
    for body in (b"", b"%PDF-1.4", (museum.parent / BROKEN).read_bytes(), b"\x89PNG\r\n\x1a\n" + b"\0" * 100):
        answer = json.loads(ask(served, "search", method="POST", body=body, headers=own(served))[1])
        assert "can't be read as a picture" in answer["error"]
    for length, status in ((str(LARGEST_PICTURE + 1), 413), ("9" * 30, 411), ("-5", 411), ("x", 411)):
        headers = {**own(served), "Content-Length": length}
        assert ask(served, "search", method="POST", headers=headers)[0] == status
    chunked = {**own(served), "Transfer-Encoding": "chunked", "Content-Length": "5"}
    assert ask(served, "search", method="POST", headers=chunked)[0] == 411


def test_an_image_that_is_gone_is_not_found_and_the_rest_goes_on(served: ExploreServer, museum: Path) -> None:
    at = served.found.ids.index("blue-11.png")
    file = museum.parent / "blue-11.png"
    data = file.read_bytes()
    file.unlink()
    try:
        assert ask(served, f"large/{at}")[0] == 404
    finally:
        file.write_bytes(data)
    assert ask(served, f"large/{at}")[0] == 200


def test_a_port_that_is_taken_is_named(served: ExploreServer) -> None:
    with pytest.raises(ArtbenchError, match=f"port {served.server_port} of 127.0.0.1 can't be served on"):
        ExploreServer(served.found, port=served.server_port)


def test_the_page_searches_by_a_chosen_file_and_asks_nobody_else(
    served: ExploreServer, browser: Any, tmp_path: Path
) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    painted(30, (40, 60, 200)).save(tmp_path / "mine.png")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    open_page(browser, served.address)
    browser.find_element("id", "file").send_keys(str(tmp_path / "mine.png"))
    tiles = "#near button"
    WebDriverWait(browser, 30).until(lambda page: len(page.find_elements("css selector", tiles)) == 42)
    first = browser.find_element("css selector", tiles)
    assert first.get_attribute("title").startswith("blue-10.png")
    first.click()
    sharp = "return document.getElementById('large').naturalWidth"
    WebDriverWait(browser, 30).until(lambda page: page.execute_script(sharp) == 200)
    (tmp_path / "text.jpg").write_text("no picture")
    browser.find_element("id", "file").send_keys(str(tmp_path / "text.jpg"))
    said = "can't be read as a picture"
    WebDriverWait(browser, 30).until(lambda page: said in page.find_element("id", "found").text)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    here = f"http://127.0.0.1:{served.server_port}/"
    assert [url for url in asked if not url.startswith((here, "data:", "blob:", "about:"))] == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
