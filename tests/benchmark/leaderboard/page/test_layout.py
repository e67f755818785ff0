"""The page on a phone and in a narrow window, dark and light: nothing leaves its place."""

from typing import Any

import pytest

from tests.support.leaderboard_page import HOSTILE, choose
from tests.support.pages import on_a_phone, wait_until_it_fits

pytestmark = pytest.mark.integration


def test_a_phone_shows_it_without_sideways_scrolling(opened: Any) -> None:
    with on_a_phone(opened):
        for option in opened.find_elements("css selector", "#task option"):
            choose(opened, "#task", option.get_attribute("value"))
            wait_until_it_fits(opened)


def test_names_of_all_tasks_stay_in_their_cells_on_a_phone(opened: Any) -> None:
    with on_a_phone(opened):
        choose(opened, "#task", "overall")
        wait_until_it_fits(opened)
        beyond = opened.execute_script("""
            const cells = [...document.querySelectorAll("#overall tbody th")];
            return cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent);
        """)
    # Nothing breaks a name that has no signs.
    assert [name for name in beyond if name != HOSTILE] == []


def test_values_with_their_intervals_stand_on_a_phone(opened: Any) -> None:
    with on_a_phone(opened):
        hidden = opened.execute_script("""
            const right = (element) => element.getBoundingClientRect().right;
            const task = document.querySelector("#task");
            const shown = [...task.options].filter((each) => !each.text.includes("<") && each.value !== "overall");
            return shown.flatMap((option) => {
                task.value = option.value;
                task.dispatchEvent(new Event("change"));
                const table = document.getElementById(option.value).querySelector("table.ranks");
                const values = [...table.querySelectorAll("strong")];
                const cut = values.filter((value) => right(value) > right(table.closest(".scroll")));
                return values.length ? cut.map((value) => value.closest("tr").textContent) : [option.text];
            });
        """)
    assert hidden == []


@pytest.mark.parametrize("width", [360, 700, 1280])
def test_marks_stay_in_the_cell_of_a_name_that_wraps(opened: Any, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    marked = 'return document.querySelector("table.ranks tbody th sup").closest("section.board").id'
    choose(opened, "#task", opened.execute_script(marked))
    reach = opened.execute_script("""
        const section = document.querySelector("section.board:not([hidden])");
        const cells = [...section.querySelectorAll("table.ranks tbody th")].filter((each) => each.querySelector("sup"));
        const long = "a_<wbr>long_<wbr>name_<wbr>of_<wbr>a_<wbr>model_<wbr>that_<wbr>wraps_<wbr>";
        cells.forEach((cell) => cell.querySelector(".name").insertAdjacentHTML("afterbegin", long));
        cells.forEach((cell) => { cell.querySelector("sup").textContent = "??"; });
        const right = (element) => element.getBoundingClientRect().right;
        return cells.map((cell) => right(cell) - right(cell.querySelector("sup")));
    """)
    assert min(reach) >= 0


def test_dark_and_light_differ_in_page_and_plots(opened: Any) -> None:
    colours = []
    for scheme in ("light", "dark"):
        opened.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        text = "return getComputedStyle(document.querySelector(arguments[0])).fill || ''"
        paper = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
        colours.append((paper, opened.execute_script(text, "section:not([hidden]) .scatter .xtick text")))
    light, dark = colours
    assert light[0] != dark[0]
    assert light[1] != dark[1]
