"""Names that a reader would take for others: look-alike letters, blanks that can't be seen, addresses."""

import re
import unicodedata

# Letters of other scripts that look like Latin ones, as far as names of networks are concerned (Unicode TR 39).
_ALIKE = str.maketrans(
    "авеѕіјкмнорстухԁԛԝһӏгпαεικνορτυχγωηɑɡı",
    "abesijkmhopctyxdqwhlrnaeikvoptuxywnagi",
)
_ADDRESS = re.compile(r"://|\bwww\.|\bmailto:|@[\w-]+\.\w|\b[\w-]+\.(com|org|net|io|ai|co|eu|de)(/|$)", re.IGNORECASE)
# Scripts whose letters are taken for Latin ones.
_CONFUSED = {"CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU"}


def problem_of(name: str) -> str:
    """Say why a name can't be published; empty if it can."""
    if name != " ".join(name.split(" ")).strip() or re.search(r"\s\s|[^\S ]", name):
        return "has blanks at its ends, or blanks that can't be seen"
    if unicodedata.normalize("NFKC", name) != unicodedata.normalize("NFC", name):
        return "has letters that only look like others"
    for word in re.findall(r"[^\W\d_]+", name):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
        if "LATIN" in scripts and scripts & _CONFUSED:
            return "mixes letters of two alphabets within a word"
    return "is an address" if _ADDRESS.search(name) else ""


def seen_as(name: str) -> str:
    """Return what a reader sees in a name: the same text for names that can't be told apart."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(plain.translate(_ALIKE).split())
