"""A page in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Width of a phone in pixels.
PHONE = 360


def open_page(driver: Any, address: str) -> None:
    """Open a page from an empty one, so that its script begins anew, and wait until the script has run."""
    from selenium.webdriver.support.wait import WebDriverWait

    driver.get("about:blank")
    driver.get(address)
    complete = "return location.href !== 'about:blank' && document.readyState === 'complete'"
    WebDriverWait(driver, 30).until(lambda page: page.execute_script(complete), f"{address} is not loaded")


@contextmanager
def on_a_phone(driver: Any) -> Iterator[None]:
    """A screen of 360 px, on which every page that is opened must fit with `wait_until_it_fits`."""
    screen = {"width": PHONE, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    yield
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def wait_until_it_fits(driver: Any) -> None:
    """Fail unless the page needs no sideways scrolling on a phone, once the browser has laid it out anew."""
    from selenium.webdriver.support.wait import WebDriverWait

    needed = "return document.documentElement.scrollWidth"
    WebDriverWait(driver, 30).until(lambda page: page.execute_script(needed) <= PHONE, f"wider than {PHONE} px")
