"""Search by words: with a network of open_clip, small and of seeded weights, through the code that loads real ones."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from huggingface_hub import constants

import artbench
from artbench.explore import encoder
from artbench.explore.page import explore_page
from artbench.explore.server import LONGEST_TEXT, ExploreServer
from tests.benchmark.explore.test_explore_server import ask, own
from tests.support.pages import open_page
from tests.support.tiny_clip import NAME, TAG, checkpoint, drawn, in_hub, know_tiny_clip

WORDS = "a red sky over blocks"


@pytest.fixture(scope="module")
def described(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExploreServer]:
    with pytest.MonkeyPatch.context() as patch:
        know_tiny_clip(patch)
        weights = checkpoint(tmp_path_factory.mktemp("weights"))
        found = artbench.explore(
            f"collection:{museum}", backbone=f"open_clip:{NAME}", pretraining=weights, layout="pca", out=None
        )
        with ExploreServer(found, port=0) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            yield server
            server.shutdown()
            thread.join()


def test_a_network_whose_weights_are_in_the_cache_is_taken(
    museum: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_tiny_clip(monkeypatch)
    # Read from the environment once, when the library is imported.
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    wanted = (f"open_clip:{NAME}.{TAG}", "published"), ("colour-histogram", "none")
    monkeypatch.setattr(encoder, "PREFERRED", wanted)
    before = artbench.explore(f"collection:{museum}", layout="pca", out=None)
    in_hub(tmp_path)
    found = artbench.explore(f"collection:{museum}", layout="pca", out=None)
    assert [one.encoder.backbone for one in (before, found)] == ["colour-histogram", wanted[0][0]]
    assert found.texts is not None


def send(server: ExploreServer, words: bytes) -> dict[str, Any]:
    status, body, _ = ask(server, "words", method="POST", body=words, headers=own(server))
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


def test_words_find_the_pictures_that_open_clip_says_fit_best(described: ExploreServer) -> None:
    with torch.inference_mode():
        texts = drawn().encode_text(open_clip.get_tokenizer(NAME)([WORDS]), normalize=True)
    cosines = described.found.points @ texts[0].numpy()
    places, values = zip(*send(described, WORDS.encode())["found"], strict=True)
    assert len(places) == 42
    np.testing.assert_allclose(values, np.sort(cosines)[::-1], atol=2e-4)
    np.testing.assert_allclose(cosines[list(places)], values, atol=2e-4)


def test_words_that_say_nothing_too_many_and_no_text_get_a_line(described: ExploreServer) -> None:
    assert "a text is empty" in send(described, b"  ")["error"]
    assert "longer than the 20 tokens" in send(described, b"blue " * 40)["error"]
    assert "no UTF-8" in send(described, b"\xff\xfe")["error"]
    headers = {**own(described), "Content-Length": str(LONGEST_TEXT + 1)}
    assert ask(described, "words", method="POST", headers=headers)[0] == 413
    assert ask(described, "words", method="POST", body=b"red", headers={"Origin": "https://example.org"})[0] == 403


def test_a_page_in_a_file_says_that_words_take_the_server(described: ExploreServer) -> None:
    page = explore_page(described.found, served=False)
    assert "by words for what pictures show, run the same command with <code>--serve</code>" in page
    assert 'id="describe"' not in page


def test_a_network_that_sees_pictures_alone_has_no_search_by_words(explored: artbench.Exploration) -> None:
    assert explored.texts is None
    for served in (True, False):
        assert "by words" not in explore_page(explored, served=served)
    with ExploreServer(explored, port=0) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert ask(server, "words", method="POST", body=b"red", headers=own(server))[0] == 404


def test_the_page_searches_by_words_and_says_which_it_cannot_take(described: ExploreServer, browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get_log("browser")
    open_page(browser, described.address)
    field = browser.find_element("id", "described")
    assert field.accessible_name == "Search by words for what pictures show"
    field.send_keys(WORDS, Keys.ENTER)
    title = "#near-title"
    wanted = f"Best for “{WORDS}”"
    WebDriverWait(browser, 30).until(lambda page: page.find_element("css selector", title).text == wanted)
    first = browser.find_element("css selector", "#near button").get_attribute("title")
    best = described.search.by_words(WORDS)[0][0]
    assert first.startswith(described.found.ids[best])
    field.clear()
    field.send_keys("blue " * 40, Keys.ENTER)
    said = "longer than the 20 tokens"
    WebDriverWait(browser, 30).until(lambda page: said in page.find_element("id", "found").text)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
