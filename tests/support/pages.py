"""A page in a real browser."""

from typing import Any


def wait_until_it_fits(driver: Any, *, width: int) -> None:
    """Fail unless the page needs no sideways scrolling at this width, once the browser has laid it out anew."""
    from selenium.webdriver.support.wait import WebDriverWait

    needed = "return document.documentElement.scrollWidth"
    WebDriverWait(driver, 30).until(lambda page: page.execute_script(needed) <= width, f"wider than {width} px")
