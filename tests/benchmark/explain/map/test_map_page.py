"""The page in a real browser: pointing, arrow keys, filters; nothing leaves it, and names stay text."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.explain.cosine import unit_vectors
from artbench.explain.map.colouring import by_class, uncoloured
from artbench.explain.map.contents import MapContents, Subject, known
from artbench.explain.map.faithfulness import faithfulness
from artbench.explain.map.layout import lay_out
from artbench.explain.map.page import map_page, sharp_side, thumbnails
from artbench.runtime.progress import Silent
from tests.support.pages import on_a_phone, wait_until_it_fits
from tests.support.records import record

pytestmark = pytest.mark.integration

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
COUNT = 30


def drawn(file: Path, *, labelled: bool) -> Path:
    """Write the page of a map with labels or without."""
    random = np.random.default_rng(0)
    labels = np.arange(COUNT, dtype=np.int64) % 3
    points = unit_vectors(random.standard_normal((COUNT, 8)).astype(np.float32))
    layout = lay_out(points, method="pca", seed=0)
    classes = ("red", HOSTILE, "blue")
    contents = MapContents(
        subject=replace(Subject.of(record(task=HOSTILE)), record="0" * 12 if labelled else None),
        images=[f"{at}-{HOSTILE}" for at in range(COUNT)],
        layout=layout,
        colouring=by_class(labels, classes) if labelled else uncoloured(COUNT),
        known=known(labels, np.zeros(COUNT, np.int64), confidence=np.full(COUNT, 0.5, np.float32), classes=classes)
        if labelled
        else None,
        faithfulness=faithfulness(points, layout.places, labels=labels if labelled else None, reporter=Silent()),
        seed=0,
        on_page=np.arange(COUNT),
    )
    near = [[(at + 1) % COUNT, (at + 2) % COUNT] for at in range(COUNT)]
    file.write_text(map_page(contents, thumbnails=[DOT] * COUNT, near=near))
    return file


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(tmp_path_factory.mktemp("map") / "map.html", labelled=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Debian's packages chromium and chromium-driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as opened:
        yield opened


@pytest.fixture
def opened(browser: Any, page: Path) -> Any:
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(page.as_uri())
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_pointing_shows_the_image_with_its_names_and_clicking_keeps_it(opened: Any) -> None:
    from selenium.webdriver import ActionChains

    points = opened.find_elements("css selector", "#map .scatterlayer path.point")
    assert len(points) == COUNT
    ActionChains(opened).move_to_element(points[4]).pause(0.5).perform()
    tip = opened.find_element("id", "tip")
    assert tip.is_displayed()
    assert "The probe is" in tip.text
    assert HOSTILE in tip.text
    assert tip.find_element("css selector", "img").get_attribute("src") == DOT
    ActionChains(opened).click().pause(0.3).perform()
    assert len(opened.find_elements("css selector", "#near button")) == 2
    assert HOSTILE in opened.find_element("id", "words").text


def test_arrow_keys_go_from_image_to_image(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    reach = opened.find_element("id", "reach")
    seen = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT):
        reach.send_keys(key)
        seen.append(opened.find_element("css selector", "#words .name").text)
    assert seen[0] != seen[1]
    assert "picture=" in opened.current_url
    reach.send_keys(Keys.ESCAPE)
    assert opened.find_element("css selector", "#card .empty").is_displayed()


def test_classes_and_answers_filter_map_and_list(opened: Any) -> None:
    assert "hollow: the probe is wrong" in opened.find_element("id", "marks").text
    opened.find_element("css selector", "#legend button").click()
    assert opened.find_element("id", "count").text == "10 of 30 images"
    assert len(opened.find_elements("css selector", "#tiles button")) == 10
    opened.find_element("css selector", "#legend button").click()
    opened.find_element("css selector", "#judged option[value='wrong']").click()
    assert opened.find_element("id", "count").text == "20 of 30 images"


def test_hostile_names_stay_text_and_no_request_leaves_the_page(opened: Any, page: Path) -> None:
    assert opened.title == f"Map of {HOSTILE}: resnet18, random"
    assert opened.execute_script(
        "return [...document.images].every((each) => !each.src || each.src.startsWith('data:'))"
    )
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert {url.partition("#")[0] for url in asked if not url.startswith(("data:", "blob:"))} == {page.as_uri()}


def test_a_phone_shows_it_without_sideways_scrolling(opened: Any) -> None:
    with on_a_phone(opened):
        opened.find_element("css selector", "#tiles button").click()
        wait_until_it_fits(opened)


def test_images_without_labels_have_neither_classes_nor_answers(opened: Any, tmp_path: Path) -> None:
    opened.get(drawn(tmp_path / "map.html", labelled=False).as_uri())
    assert not opened.find_element("id", "group").is_displayed()
    assert not opened.find_element("id", "legend-title").is_displayed()
    assert opened.find_elements("id", "judged") == []
    opened.find_element("css selector", "#tiles button").click()
    assert opened.find_element("id", "words").text == f"0-{HOSTILE}"
    opened.find_element("id", "filter").send_keys("29-")
    assert opened.find_element("id", "count").text == "1 of 30 images"
    caption = opened.find_element("css selector", "header").text
    assert "30 images; those with similar features" in caption
    assert "There are no labels to colour by" in caption
    for absent in ("Record", "probe", "hollow", "commonest class"):
        assert absent not in caption


def test_the_chosen_image_is_as_sharp_as_a_page_has_room_for(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.effect_noise((800, 600), 50).save(tmp_path / "images" / "0.png")
    dataset = Dataset(name="noise", root=tmp_path / "images", ids=["0"], files=["0.png"])
    sides = []
    for count in (100, 10_000):
        (uri,) = thumbnails(dataset, [0], side=sharp_side(count), reporter=Silent())
        sides.append(min(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).size))
    # As many as the panel has; and what the largest page can hold.
    assert sides == [320, 96]
