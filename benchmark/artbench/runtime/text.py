"""Text and file names that are safe whatever names hold, and sizes in words."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from artbench.errors import UsageError

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

# Letters of a task's name in the name of a file.
_LONGEST_TASK = 100
# Letters of an image's name that are kept: its end, which tells more than its beginning.
_LONGEST_IMAGE = 60
# Scripts and pictures that are written with joiners, which are invisible everywhere else.
_JOINED = "".join(
    rf"\p{{{script}}}"
    for script in (
        *("Arabic", "Syriac", "Nko", "Mongolian", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil"),
        *("Telugu", "Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar", "Tibetan"),
        *("Extended_Pictographic", "Emoji_Modifier"),
    )
)
# Invisible characters, those that control a terminal or the direction of text, and blanks other than a space.
_UNSEEN = r"\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{2800}\x{3000}"
# What a name on record may hold; in the syntax of Rust's regular expressions, which pydantic uses.
NAME_PATTERN = rf"^(?:[^{_UNSEEN}]|[{_JOINED}\x{{FE0F}}][\x{{200C}}\x{{200D}}\x{{FE0F}}]+)+$"
LONGEST_NAME = 300
# Where a formula begins in a spreadsheet, which takes full-width signs for the usual ones.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
# What is made a link without being marked as one. GitHub's renderer, cmark-gfm, takes `http://`, `https://`, `ftp://`,
# `www.` after anything but a letter or digit (an underscore too), `mailto:`, `xmpp:` and `name@host.tld`, in any file.
# Python-Markdown does so with `pymdownx.magiclink` alone, for the same and `ftps://`. Neither takes a bare `host.tld`,
# which `vit_base_patch16_clip_224.openai` might be as well.
ADDRESS = re.compile(r"(:(?=//)|(?<![^\W_])www(?=\.)|(?:mailto|xmpp)(?=:)|@(?=[\w-]+\.))", re.IGNORECASE)
_JOINER = re.compile(r"(?<=[^\x00-\u02ff])[\u200c\u200d](?=[^\x00-\u02ff])")
_UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table; an address in it becomes a link."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def escape_name(text: str) -> str:
    """As `escape`, for a name: an address in it becomes no link."""
    # A comment within an address is not shown, and keeps it from being taken for one.
    return ADDRESS.sub(r"\1<!-- -->", escape(text))


def is_name(text: str) -> bool:
    """Whether a record can have this as a name."""
    return _names().isinstance_python(text)


@cache
def _names() -> "SchemaValidator":
    from pydantic_core import SchemaValidator, core_schema

    schema = core_schema.str_schema(pattern=NAME_PATTERN, max_length=LONGEST_NAME, min_length=1)
    made = SchemaValidator(schema)
    if not made.isinstance_python("a"):
        # An interrupt meanwhile is lost in there, and what it leaves takes no name at all.
        raise KeyboardInterrupt
    return made


def as_name(text: str) -> str:
    """Text as a record can have it as a name: blanks become spaces, and what it can't hold a `?`."""
    text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
    return text if is_name(text) else "".join(c if is_name(c) else "?" for c in text)[:LONGEST_NAME] or "?"


def spreadsheet_text(text: str) -> str:
    """Text for a cell of a CSV; what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def file_name(task: str) -> str:
    """The file name for a task. No two tasks share one, even on a disk that ignores case."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", task)
    if plain == task == task.lower() and task not in ("readme", "index", "overall") and len(task) <= _LONGEST_TASK:
        return f"{task}.md"
    return f"{plain[:_LONGEST_TASK]}-{hashlib.sha256(task.encode()).hexdigest()[:8]}.md"


def printable(text: str, *, escapes: bool = False) -> str:
    r"""Text without what a terminal would take for a command, or could not write: names come from anywhere.

    Args:
        text: Any text.
        escapes: Whether such a character becomes an escape, `\x1b`, which keeps names apart, and not a `?`.
    """
    if text.isprintable():
        return text
    # Joiners belong to the spelling of names in many scripts.
    kept = frozenset(found.start() for found in _JOINER.finditer(text))
    return "".join(
        c if c.isprintable() or at in kept else ascii(c)[1:-1] if escapes else "?" for at, c in enumerate(text)
    )


def size(count: int) -> str:
    """A number of bytes in words: `1.5 GB`."""
    for unit, factor in _UNITS:
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def key_and_value(pair: str) -> tuple[str, str]:
    """Split the `KEY=VALUE` of an option `--set`, without the blanks around both.

    Raises:
        UsageError: There is no key, or no equals sign.

    Examples:
        >>> from artbench.runtime.text import key_and_value
        >>> key_and_value("lr = 0.1")
        ('lr', '0.1')
    """
    key, sign, value = (part.strip() for part in pair.partition("="))
    if not sign or not key:
        raise UsageError(f"--set {pair}: not of the form KEY=VALUE")
    return key, value


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 pair`, `1,200 pairs`; `plural` if that is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def figure_name(number: int, image: str, *, reason: str = "") -> str:
    """The file name of a figure, such as `03-random-sunflowers.png`: plain letters, and unique by its number.

    Args:
        number: Position of the image among those shown.
        image: Its id or path.
        reason: Why it is shown.
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", PurePath(image).stem).strip("-")[-_LONGEST_IMAGE:]
    return "-".join(part for part in (f"{number:02}", reason.replace(" ", "-"), plain or "picture") if part) + ".png"


def near_equal(names: Iterable[str]) -> list[list[str]]:
    """Return the names that differ in case, accents, spaces or punctuation only, together.

    Examples:
        >>> near_equal(["Baroque", "Rococo", "baroque ", "Côté", "Cote"])
        [['Baroque', 'baroque '], ['Côté', 'Cote']]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if sign.isalnum())
        groups.setdefault(plain or name, []).append(name)
    return [group for group in groups.values() if len(group) > 1]
