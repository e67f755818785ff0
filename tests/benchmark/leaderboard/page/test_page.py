"""The page in a real browser: sorting, filtering, comparing; nothing leaves it, and names stay text."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from artbench.leaderboard.board import boards
from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Silent
from tests.support.leaderboard_page import HOSTILE, PUBLISHED, build, choose
from tests.support.pages import open_page

pytestmark = pytest.mark.integration


def test_the_same_records_give_the_same_bytes(page: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == page.read_bytes()


def test_without_scripts_every_row_is_there_and_nothing_is_fetched(page: Path) -> None:
    text = page.read_text()
    for row in boards(ResultsFolder(PUBLISHED).records(Silent()))[0].rows:
        assert row.record.backbone in text
    document = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", document)
    assert "default-src 'none'" in document


def shown(browser: Any, column: int) -> list[str]:
    """The texts of a column of the leaderboard that is shown."""
    script = """
        const section = [...document.querySelectorAll("section.board")].find((each) => !each.hidden);
        return [...section.querySelectorAll("table.ranks tbody tr")].filter((row) => !row.hidden)
            .map((row) => row.children[arguments[0]].innerText);
    """
    found: list[str] = browser.execute_script(script, column)
    return found


def pick(browser: Any, title: str) -> None:
    """Choose the leaderboard whose title begins with a text."""
    options = browser.find_elements("css selector", "#task option")
    (value,) = (option.get_attribute("value") for option in options if option.text.startswith(title))
    choose(browser, "#task", value)


def words(browser: Any) -> str:
    """Text of the section that is shown."""
    text: str = browser.find_element("css selector", "section.board:not([hidden])").text
    return text


def test_columns_sort_both_ways_by_value_and_by_keyboard(opened: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    def button(column: int) -> Any:
        return opened.find_element("css selector", f"section:not([hidden]) th[data-column='{column}'] button")

    parameters = 9
    assert button(parameters).text == "parameters"
    button(parameters).click()
    one_way = shown(opened, parameters)
    assert one_way[:2] == ["0", "1.5 M"]
    assert one_way[-1] == "23.5 M"
    # Enter on the same header turns it round.
    button(parameters).send_keys(Keys.ENTER)
    assert shown(opened, parameters)[0] == "23.5 M"
    header = opened.find_element("css selector", f"section:not([hidden]) th[data-column='{parameters}']")
    assert header.get_attribute("aria-sort") == "descending"
    button(1).click()
    assert shown(opened, 1) == sorted(shown(opened, 1))


def test_words_filter_the_rows_and_the_count_is_shown(opened: Any) -> None:
    choose(opened, "#filter", "LITE imagenet")
    assert len(shown(opened, 1)) == 6
    assert opened.find_element("id", "count").text == "6 of 17 rows"
    choose(opened, "#filter", "no such thing")
    assert shown(opened, 1) == []


def test_rows_are_chosen_by_what_is_known_of_their_training(opened: Any, page: Path) -> None:
    # What was never trained is clean; a record of artbench 0.1 does not say what `imagenet` has seen.
    choose(opened, "#seen", "unknown")
    assert shown(opened, 2) == ["imagenet"] * 6
    assert opened.find_element("id", "count").text == "6 of 17 rows"
    choose(opened, "#filter", "lite0")
    assert len(shown(opened, 1)) == 4
    address = opened.current_url
    assert "seen=unknown" in address
    open_page(opened, address)
    assert len(shown(opened, 1)) == 4
    pick(opened, "All tasks side by side")
    assert not opened.find_element("id", "seen").is_enabled()
    choose(opened, "#filter", "")
    assert len(shown(opened, 1)) > 6
    open_page(opened, page.as_uri() + "#seen=nonsense")
    assert len(shown(opened, 1)) == 17


def test_two_rows_are_compared_in_words(opened: Any) -> None:
    choose(opened, ".first", "0")
    choose(opened, ".second", "10")
    verdict = opened.find_element("css selector", "section:not([hidden]) .verdict")
    names = [name.text for name in opened.find_elements("css selector", "section:not([hidden]) table.ranks .name")]
    assert f"{names[0]}, imagenet minus {names[10]}, " in verdict.text
    assert "points" in verdict.text
    assert verdict.text.endswith(f"{names[0]}, imagenet is better.")
    # The other way round as `artbench leaderboard compare` says it: the first minus the second.
    forth = verdict.text.partition(": ")[2].partition(" ")[0]
    assert forth.startswith("+")
    choose(opened, ".first", "10")
    choose(opened, ".second", "0")
    assert f": {forth.replace('+', '−')} [−" in verdict.text
    assert verdict.text.endswith(f"{names[0]}, imagenet is better.")
    choose(opened, ".first", "0")
    assert verdict.get_attribute("aria-live") == "polite"
    choose(opened, ".second", "1")
    assert verdict.text.endswith("The test can't tell them apart.")
    rows = opened.find_elements("css selector", "section:not([hidden]) .differences tbody tr")
    assert len(rows) == 8
    choose(opened, ".second", "0")
    assert verdict.text == "Choose two different rows."


def test_published_results_and_the_part_of_the_task_are_shown(opened: Any) -> None:
    pick(opened, "wikiart-style")
    shown_words = words(opened)
    assert "Which of 27 styles an artwork belongs to." in shown_words
    assert "This is a part of the task, which as published has 57,025 training and 24,421 test images." in shown_words
    rows = opened.find_elements("css selector", "section:not([hidden]) table.published tbody tr")
    assert rows[0].text.startswith("Tan et al. 2016")
    assert "the same split as here" in rows[0].text
    opened.find_element("css selector", "section:not([hidden]) details.pretrainings summary").click()
    assert "moco-v2-small, " in words(opened)


def test_the_page_says_why_a_task_has_two_tables(opened: Any) -> None:
    for name in ("linear-v2", "linear-v1"):
        pick(opened, f"wikiart-genre, {name}")
        assert "can't be compared with each other: " in words(opened)
        assert "the data were in 2 states" in words(opened)


def test_encoders_that_learnt_nothing_are_marked(opened: Any) -> None:
    assert [text for text in shown(opened, 2) if "for comparison" not in text] == ["imagenet"] * 6
    assert "encoders that have learnt nothing" in words(opened)


def test_all_tasks_stand_side_by_side_and_what_is_missing_is_blank(opened: Any, page: Path) -> None:
    open_page(opened, page.as_uri() + "#task=overall")
    heading = opened.find_element("css selector", "section:not([hidden]) h2")
    assert heading.text == "All tasks side by side"
    assert "never averaged" in words(opened)
    assert shown(opened, 0)[-1] == ""
    header = opened.find_element("css selector", "section:not([hidden]) th[data-column='1'] button")
    assert header.text == "Borda"
    header.click()
    counts = [text for text in shown(opened, 1) if text]
    assert counts == sorted(counts, key=float)
    # What has no count stands last whichever way.
    header.click()
    assert shown(opened, 1)[: len(counts)] == counts[::-1]
    choose(opened, "#filter", "colour-histogram")
    assert opened.find_element("id", "count").text.startswith("1 of ")


def test_plots_are_drawn_with_words_beside_them(opened: Any) -> None:
    for kind in ("scatter", "bars", "matrix"):
        figure = opened.find_element("css selector", f"section:not([hidden]) .{kind}")
        assert figure.find_elements("css selector", "svg.main-svg")
        assert len(figure.get_attribute("aria-label")) > 20
    choose(opened, ".against", "features")
    # A point and its name; what the axes of the matrix are, and a number in its cells.
    names = opened.find_elements("css selector", "section:not([hidden]) .scatter .textpoint")
    assert "tf_efficientnet_lite0" in " ".join(name.text for name in names)
    matrix = opened.find_element("css selector", "section:not([hidden]) .matrix")
    assert "what it is" in matrix.text
    assert "taken for" in matrix.text
    assert matrix.find_elements("css selector", ".heatmap-label")
    assert "feature size" in opened.find_element("css selector", "section:not([hidden]) .scatter").text


def test_encoders_of_one_size_have_it_on_the_axis(opened: Any) -> None:
    pick(opened, "zz-")
    for against in ("parameters", "features"):
        choose(opened, ".against", against)
        ticks = opened.find_elements("css selector", "section:not([hidden]) .scatter .xtick text")
        assert len([tick.text for tick in ticks if tick.text]) == 1


def test_the_address_leads_back_to_what_was_shown(opened: Any, page: Path) -> None:
    choose(opened, "#task", opened.find_elements("css selector", "#task option")[1].get_attribute("value"))
    choose(opened, "#filter", "random")
    choose(opened, ".first", "2")
    address = opened.current_url
    open_page(opened, address)
    assert opened.find_element("css selector", "section:not([hidden]) h2").text == "sample-material"
    assert opened.find_element("id", "filter").get_attribute("value") == "random"
    assert opened.find_element("css selector", "section:not([hidden]) .first").get_attribute("value") == "2"
    open_page(opened, page.as_uri() + "#task=nonsense&a=99&b=-1&x=y&sort=77.up")
    assert opened.find_element("css selector", "section:not([hidden]) h2").text == "sample-artist"


def test_hostile_names_stay_text(opened: Any) -> None:
    pick(opened, "zz-")
    # Selenium would raise at an alert that is open.
    assert opened.title.startswith("Leaderboards")
    assert HOSTILE in shown(opened, 1)
    assert opened.find_element("css selector", "section:not([hidden]) h2").text == "zz-" + HOSTILE
    assert opened.execute_script("return document.images.length") == 0
    assert words(opened).count(HOSTILE) >= 4
    assert "can't be tested" in opened.find_element("css selector", "section:not([hidden]) .verdict").text


def test_no_request_leaves_the_page(opened: Any, page: Path) -> None:
    choose(opened, ".first", "3")
    pick(opened, "zz-")
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert {address.partition("#")[0] for address in asked if not address.startswith(("data:", "blob:"))} == {
        page.as_uri()
    }
