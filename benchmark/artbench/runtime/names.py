"""Names that a reader would take for others, or a page for a link: look-alike letters, unseen blanks, addresses."""

import re
import unicodedata

from artbench.runtime.text import ADDRESS, LONGEST_NAME, as_name, is_name, printable

# Letters of other scripts that look like Latin ones, as far as names of networks are concerned (Unicode TR 39), and
# signs that are read for each other, as a large I for a small l. No two of the 3,500 backbones here are alike by it.
_ALIKE = str.maketrans(
    "авеѕіјкмнорстухԁԛԝһӏгпαεικνορτυχγωηɑɡıi10-",
    "abesljkmhopctyxdqwhlrnaelkvoptuxywnaglllo_",
)
# Scripts whose letters are taken for Latin ones.
_CONFUSED = {"CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU"}


def problem_of(name: str) -> str:
    """Say why a name can't be published; empty if it can."""
    if name != " ".join(name.split(" ")).strip() or re.search(r"\s\s|[^\S ]", name):
        return "has blanks at its ends, or blanks that can't be seen"
    if unicodedata.normalize("NFKC", name) != unicodedata.normalize("NFC", name):
        return "has letters that only look like others"
    for word in re.findall(r"[^\W_]+", name):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
        if "LATIN" in scripts and scripts & _CONFUSED:
            return "mixes letters of two alphabets within a word"
    return "is an address, of which a page would make a link" if ADDRESS.search(name) else ""


def seen_as(name: str) -> str:
    """Return what a reader sees in a name: the same text for names that can't be told apart."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(plain.translate(_ALIKE).split())


def why_unfit(name: str, *, published: bool = True) -> str:
    """Say why a record can't have a name, in the words that follow it; empty if it can.

    Args:
        name: The name.
        published: Whether it is one that pages show to all, as of a task; not one of a class.
    """
    if not name:
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"has {len(name):,} characters, more than the {LONGEST_NAME} that a record can have"
    # Real lists of classes have soft hyphens, where the letter í was decoded wrongly long ago.
    read = name if published else name.replace("\u00ad", "")
    if not is_name(read):
        odd = sorted({f"U+{ord(c):04X}" for c in read if not is_name(c)})
        return f"has invisible or odd characters, {', '.join(odd)}"
    return problem_of(name) if published else ""


def fit_name(text: str) -> str:
    """Text as a name that a record can have: as it is if it can, without odd letters, blanks and addresses if not."""
    name = as_name(text)
    if problem_of(name):
        name = ADDRESS.sub("_", " ".join(unicodedata.normalize("NFKC", name).split())) or "?"
    return name


def shown_name(name: str) -> str:
    """Return a name as a message shows it, however long and odd it is."""
    return printable(name[:60], escapes=True) + "…" * (len(name) > 60)
