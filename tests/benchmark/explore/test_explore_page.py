"""The page in a real browser: map, keys, filters, lists, selection and CSV; nothing leaves it, and texts stay texts."""

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import artbench
from artbench.data.authoring import read_table
from tests.benchmark.explore.collections import COPY, EACH, FORMULA, HOSTILE, WRONG
from tests.support.pages import on_a_phone, open_page, wait_until_it_fits

pytestmark = pytest.mark.integration

TOTAL = 2 * EACH + 2


@pytest.fixture
def opened(browser: Any, explored: artbench.Exploration) -> Iterator[Any]:
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert explored.page is not None
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    open_page(browser, explored.page.as_uri())
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def text(page: Any, selector: str) -> str:
    return str(page.find_element("css selector", selector).text)


def choose(page: Any, element: str, value: str) -> None:
    page.find_element("css selector", f"#{element} option[value='{value}']").click()


def test_pointing_shows_a_picture_with_its_columns_and_a_click_keeps_it_with_its_neighbours(opened: Any) -> None:
    from selenium.webdriver import ActionChains

    opened.find_element("id", "thumbs").click()
    place = opened.execute_script("return plot.toScreen(7)")
    canvas = opened.find_element("id", "map")
    middle = canvas.size["width"] / 2, canvas.size["height"] / 2
    at = [round(spot - half) for spot, half in zip(place, middle, strict=True)]
    ActionChains(opened).move_to_element_with_offset(canvas, *at).pause(0.3).perform()
    assert "sky: " in text(opened, "#tip")
    ActionChains(opened).click().pause(0.3).perform()
    assert text(opened, "#name").endswith((".png", ".jpg"))
    assert "year" in text(opened, "#facts")
    assert len(opened.find_elements("css selector", "#near button")) == 12
    shown = opened.find_element("id", "large").get_attribute("src")
    assert shown.startswith("data:image/webp;base64,")


def test_points_are_drawn_in_the_colours_of_the_legend_and_move_with_the_map(opened: Any) -> None:
    opened.find_element("id", "thumbs").click()
    colours = [group["colour"] for group in opened.execute_script("return collection.grouping('c0').groups")]
    before, *seen = opened.execute_script("""
      plot.draw();
      const [left, top] = plot.toScreen(0), ratio = plot.canvas.width / plot.canvas.clientWidth;
      const pen = plot.canvas.getContext("2d");
      return [left, ...pen.getImageData(Math.round(left * ratio), Math.round(top * ratio), 1, 1).data];
    """)
    assert "#" + "".join(f"{part:02x}" for part in seen[:3]) in colours
    opened.execute_script("plot.zoom(2); plot.pan(30, 0)")
    assert opened.execute_script("return plot.toScreen(0)[0]") != before


def test_keys_go_from_picture_to_picture_select_and_clear(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    reach = opened.find_element("id", "reach")
    seen = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT):
        reach.send_keys(key)
        seen.append(text(opened, "#name"))
    assert seen[0] != seen[1]
    assert "picture=" in opened.current_url
    reach.send_keys(Keys.SPACE)
    assert text(opened, "#selected") == "1 selected"
    reach.send_keys(Keys.SPACE)
    assert not opened.find_element("css selector", ".selection").is_displayed()
    reach.send_keys(Keys.ESCAPE)
    assert opened.find_element("css selector", "#card .empty").is_displayed()


def test_columns_words_and_steps_of_years_filter_map_and_list(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    choose(opened, "column", "c0")
    choose(opened, "value", "1")
    assert text(opened, "#count") == f"{EACH + 1} of {TOTAL} pictures"
    opened.find_element("id", "words").send_keys("red-06 title")
    assert text(opened, "#count") == f"1 of {TOTAL} pictures"
    assert len(opened.find_elements("css selector", "#tiles button")) == 1
    opened.find_element("id", "words").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    choose(opened, "colour", "c1")
    choose(opened, "column", "c1")
    steps = opened.execute_script("return collection.grouping('c1').groups.map((group) => [group.name, group.count])")
    assert sum(count for _, count in steps) == TOTAL
    assert steps[0] == ["1600 to 1619", 4]
    choose(opened, "value", "0")
    assert text(opened, "#count") == f"4 of {TOTAL} pictures"


def test_lists_show_clusters_copies_and_what_the_model_doubts(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    opened.find_element("id", "tab-pictures").send_keys(Keys.ARROW_RIGHT)
    cards = opened.find_elements("css selector", "#clusters .cards > li")
    assert len(cards) == 3
    assert "sky: " in cards[0].text
    opened.find_element("id", "tab-duplicates").click()
    assert "The same picture: 3 pictures" in text(opened, "#duplicates")
    opened.find_element("id", "tab-doubts").click()
    first = text(opened, "#doubts li")
    assert "Catalogue: blue" in first
    assert "Model: red" in first
    assert WRONG in first


def test_a_drawn_selection_is_exported_as_a_table_that_is_a_collection_again(
    opened: Any, museum: Path, tmp_path: Path
) -> None:
    from selenium.webdriver import ActionChains

    opened.find_element("id", "lasso").click()
    canvas = opened.find_element("id", "map")
    wide, high = canvas.size["width"] // 2 - 3, canvas.size["height"] // 2 - 3
    around = ActionChains(opened).move_to_element_with_offset(canvas, -wide, -high).click_and_hold()
    for place in ((wide, -high), (wide, high), (-wide, high)):
        around.move_to_element_with_offset(canvas, *place)
    around.release().perform()
    assert text(opened, "#selected") == f"{TOTAL} selected"
    saving = {"behavior": "allow", "downloadPath": str(tmp_path)}
    opened.execute_cdp_cmd("Browser.setDownloadBehavior", saving)
    opened.find_element("id", "export").click()
    file = tmp_path / "selection.csv"
    for _ in range(300):
        if file.exists():
            break
        time.sleep(0.1)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert len(rows) == TOTAL
    assert list(rows[0]) == ["path", "sky", "year", "title", "explore cluster"]
    titles = {row["path"]: row["title"] for row in rows}
    assert titles[COPY] == HOSTILE
    # A spreadsheet must not take it for a formula.
    assert titles["crop.jpg"] == f"'{FORMULA}"
    assert len(read_table(file, dataset="selection")) == TOTAL


def test_hostile_texts_stay_texts_and_no_request_leaves_the_page(opened: Any, explored: artbench.Exploration) -> None:
    opened.find_element("id", "words").send_keys("script")
    assert text(opened, "#count") == f"1 of {TOTAL} pictures"
    opened.find_element("css selector", "#tiles button").click()
    assert HOSTILE in text(opened, "#facts")
    policy = opened.find_element("css selector", "meta[http-equiv]").get_attribute("content")
    assert "unsafe-eval" not in policy
    assert "connect-src" not in policy
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert explored.page is not None
    assert {url.partition("#")[0] for url in asked if not url.startswith(("data:", "blob:", "about:"))} == {
        explored.page.as_uri()
    }


def test_everything_that_acts_has_a_name_and_a_phone_needs_no_sideways_scrolling(opened: Any) -> None:
    unnamed = opened.execute_script("""
      const within = (each) => each.textContent.trim() || each.querySelector("img[alt]");
      const named = (each) => within(each) || each.alt || each.labels?.length;
      const all = [...document.querySelectorAll("button, input, select, img")];
      return all.filter((each) => each.checkVisibility() && !named(each)).length
    """)
    assert unnamed == 0
    with on_a_phone(opened):
        opened.find_element("css selector", "#tiles button").click()
        for tab in ("clusters", "duplicates", "doubts", "pictures"):
            opened.find_element("id", f"tab-{tab}").click()
            wait_until_it_fits(opened)
