"""Filling the template of a page."""

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_FOLDER = "template"
# `page.html.jinja`, which templates extend, and the style of every page.
_SHARED = "artbench.runtime.pages"


def html(
    package: str,
    template: str,
    *,
    also: Sequence[str] = (),
    style: str = "",
    scripts: Sequence[str] = (),
    data: Any = None,
    connects: bool = False,
    **content: Any,
) -> str:
    """Fill a template that extends `page.html.jinja` into a self-contained page; the same content gives the same bytes.

    A content security policy forbids all requests but those for images next to the page, and all scripts but those
    whose digests it names. All of `content` is escaped.

    Args:
        package: Package with the template, in its folder `template`.
        template: File name of the template.
        also: Other packages whose templates it imports macros from.
        style: File name of a style sheet in that folder, which follows the common one.
        scripts: JavaScript, run in this order at the end of the page.
        data: Data of the scripts, as JSON in the element with the id `data`. None: no such element.
        connects: Whether scripts may ask the server that sent the page.
        **content: Values for the template.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, _FOLDER) for name in (package, *also, _SHARED)]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    inlined = [text.replace("</script", "<\\/script") for text in scripts]
    text: str = environment.get_template(template).render(
        policy=_policy(inlined, connects=connects),
        style=Markup(part(_SHARED, "style.css") + (part(package, style) if style else "")),  # noqa: S704  our own
        scripts=[Markup(text) for text in inlined],  # noqa: S704  our own files, and a library's
        data=None if data is None else embedded(data),
        **content,
    )
    return text


def embedded(data: Any) -> Markup:
    """JSON that is safe inside a `script` element, whatever names it holds."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  nothing is left in it that could end the element


def part(package: str, name: str) -> str:
    """The text of a file in the folder `template` of a package."""
    return files(package).joinpath(_FOLDER, name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], *, connects: bool) -> Markup:
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    rules = [
        "default-src 'none'",
        "script-src " + (" ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"),
        "style-src 'unsafe-inline'",
        # Beside the page, on a disk or on a server.
        "img-src 'self' file: data: blob:",
        *(["connect-src 'self'"] if connects else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return Markup("; ".join(rules))  # noqa: S704  nothing in it is from outside
