"""From plain data to `index.html`."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from artbench.leaderboard.board import Board
from artbench.leaderboard.page.content import section
from artbench.records.record import Record

PAGE = "index.html"


def html_page(boards: Sequence[Board], *, file_of: Callable[[Record], Path], out: Path) -> dict[str, str]:
    """`index.html` by its name: self-contained, the same bytes for the same records.

    No request leaves it: a content security policy forbids all, and lets only the scripts run whose digests it names.

    Args:
        boards: All leaderboards.
        file_of: Where a record is kept.
        out: Folder that the page is going to be in.
    """
    sections = [section(board, file_of=file_of, out=out) for board in boards]
    environment = Environment(
        loader=PackageLoader("artbench.leaderboard.page", "template"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = {"plotly": _inline(get_plotlyjs()), "script": _inline(_part("page.js"))}
    text = environment.get_template("page.html.jinja").render(
        sections=sections,
        style=Markup(_part("page.css")),  # noqa: S704  our own file
        data=embedded({each.id: each.data for each in sections}),
        digests=" ".join(f"'sha256-{_digest(text)}'" for text in scripts.values()),
        **{name: Markup(text) for name, text in scripts.items()},  # noqa: S704  our own file, and the library's
    )
    return {PAGE: text}


def embedded(data: Any) -> Markup:
    """JSON that can stand inside a `script` element, whatever names it holds."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  nothing is left in it that could end the element


def _part(name: str) -> str:
    return (Path(__file__).parent / "template" / name).read_text(encoding="utf-8")


def _inline(script: str) -> str:
    """As it can stand inside a `script` element."""
    return script.replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
