"""Dates as museums write them, as the years that they name."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

# First and last year; 0 is 1 BC.
Years: TypeAlias = tuple[float, float]

# Dates of more years than this say too little.
WIDEST = 200
_LATEST = 10_000
# Longer texts are no dates.
_LONGEST = 100

_ABOUT = re.compile(
    r"(?<!\w)(?:circa|approximately|approx|about|around|ca|c|um|gegen|etwa|wohl|vers|environ|env|verso|hacia|probably|dated|"
    r"datiert|daté|made|in|im|the|year|years|jahr|jahre|année|anno)(?!\w)\.?"
)
_BEFORE_CHRIST = re.compile(
    r"(?<!\w)(?:b\.? ?c\.?(?: ?e\.?)?|v\. ?chr\.?|av\. ?j\.?[- ]?-?c\.?|a\. ?c\.|avant j\.?[- ]?-?c\.?)(?!\w)"
)
_AFTER_CHRIST = re.compile(r"(?<!\w)(?:a\.? ?d\.?|c\. ?e\.|ce|n\. ?chr\.?|apr\. ?j\.?[- ]?-?c\.?|d\. ?c\.)(?!\w)")
_BETWEEN = re.compile(r"^(?:between|from|zwischen|von|entre|de|tra|dal|del)\s+")
_TO = re.compile(r"\s*(?:-|/|(?<=\s)(?:to|till|until|and|or|bis|und|oder|et|ou|à|y|al|e|o)(?=\s))\s*")
_CENTURY = re.compile(
    r"(?:(?P<words>.*?)\s*)(?:(?P<number>\d{1,2})\s*(?:\.|st|nd|rd|th|e|ème|eme|de|ste)?|(?P<roman>[ivx]+)\s*(?:e|ème|eme|\.)?)"
    r"\s*(?:century|centuries|cent|jahrhunderts?|jhdts?|jhs?|jh|siècles?|siecles?|s|eeuw)\.?"
)
_CENTURY_BEFORE = re.compile(r"(?P<words>[^\d]*?)\s*(?:secolo|sec|siglo|s)\.?\s*(?P<roman>[ivx]+)")
_DECADE = re.compile(
    r"(?P<words>[^\d]*?)\s*(?:(?P<year>\d{3,4})(?:'?s|er)(?: jahre)?|(?:années|anni|años|anos) (?P<after>\d{3,4}))"
)
_DAY = re.compile(
    r"(?:\d{1,2}[./ ]\s*)?(?:\d{1,2}[./ ]\s*|(?P<month>[^\W\d]{3,9})\.?,? +)(?:\d{1,2}, +)?(?P<year>\d{4})"
)
_SHARES = {
    "": (0.0, 1.0),
    **dict.fromkeys(
        ("early", "beginning of", "anfang", "anfang des", "frühes", "début du", "début", "inizio"), (0.0, 1 / 3)
    ),
    **dict.fromkeys(("mid", "mid-", "middle of", "mitte", "mitte des", "milieu", "milieu du"), (1 / 3, 2 / 3)),
    **dict.fromkeys(("late", "end of", "ende", "ende des", "spätes", "fin", "fin du"), (2 / 3, 1.0)),
}
_HALVES = re.compile(
    r"(?P<which>first|second|1st|2nd|1\.|2\.|erste|zweite|première|1re|1ère|seconde|deuxième|2e) "
    r"(?:half|hälfte|moitié)(?: (?:of|du|des|de))?"
)
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("mär", "mai", "okt", "dez", "fév", "avr", "jui", "aoû", "déc"),
)
# EDTF, levels 0 and 1, by years: what follows a month or a day does not change the year.
_EDTF = re.compile(
    r"(?P<year>-?\d{4}|y-?\d{5,}|-?\d{3}x|-?\d{2}xx)(?:-(?:0[1-9]|1[0-2]|2[1-4]|3\d|4[01]|xx)(?:-(?:[0-2]\d|3[01]|xx))?)?[?~%]?"
)


@cache
def read_years(text: str) -> Years | None:
    """Return the first and the last year that a date names; None if it can't be read, or they are too far apart.

    Every word of the date must be known: nothing is guessed from a part. docs/datasets/collection.md says the rule.

    Examples:
        >>> read_years("vers 1799"), read_years("c. 1650-75"), read_years("17th century"), read_years("1880s")
        ((1799.0, 1799.0), (1650.0, 1675.0), (1601.0, 1700.0), (1880.0, 1889.0))
        >>> read_years("44 v. Chr."), read_years("165X/1700~"), read_years("before 1700")
        ((-43.0, -43.0), (1650.0, 1700.0), None)
    """
    if len(text) > _LONGEST:
        return None
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    years = _number(plain) or _edtf(plain) or _written(plain)
    if years is None or not -_LATEST < years[0] <= years[1] < _LATEST or years[1] - years[0] > WIDEST:
        return None
    return years


def _number(text: str) -> Years | None:
    if re.fullmatch(r"[-−]?\d{1,5}(?:\.\d+)?", text) is None:
        return None
    year = float(text.replace("−", "-"))
    return year, year


def _edtf(text: str) -> Years | None:
    parts = [_EDTF.fullmatch(part) for part in text.split("/")]
    if len(parts) > 2 or not all(parts):
        return None
    spans = [_unspecified(part["year"].removeprefix("y")) for part in parts if part is not None]
    return spans[0][0], spans[-1][1]


def _unspecified(year: str) -> Years:
    ends = float(year.replace("x", "0")), float(year.replace("x", "9"))
    return min(ends), max(ends)


def _written(text: str) -> Years | None:
    text = re.sub(r"[‐‑‒–—―]", "-", re.sub(r"[()\[\]?]", " ", text))
    text, before_christ = _BEFORE_CHRIST.subn(" ", text)
    text = " ".join(_ABOUT.sub(" ", _AFTER_CHRIST.sub(" ", text)).split()).strip(" ,;.")
    spans = next(filter(None, (_spans(parts, whole=bool(before_christ)) for parts in _parted(text))), None)
    if spans is None:
        return None
    if before_christ:
        # The year 1 BC is 0: the later end of a span has the smaller number.
        years = [1 - year for span in spans for year in span]
        return min(years), max(years)
    first, last = spans[0][0], spans[-1][1]
    return (first, last) if first <= last else None


def _parted(text: str) -> Iterator[list[str]]:
    """Yield a date as one, then as two with each word between them that may part them."""
    yield [text]
    text = _BETWEEN.sub("", text)
    for found in _TO.finditer(text):
        yield [text[: found.start()], text[found.end() :]]


def _spans(parts: list[str], *, whole: bool) -> list[Years] | None:
    """Return the years of one date or two; with `whole`, the second is not cut short, as in 100-50 BC."""
    if len(parts) == 2:
        one, other = parts
        # 1650-75 and 16th-17th century: one part completes the other.
        if not whole and re.fullmatch(r"\d{3,4}", one) and re.fullmatch(r"\d{1,2}", other):
            other = one[: len(one) - len(other)] + other
        elif (_CENTURY.fullmatch(other) or _CENTURY_BEFORE.fullmatch(one)) and _single(one) is None:
            one += " century"
        parts = [one, other]
    spans = [_single(part) for part in parts]
    return None if None in spans else [span for span in spans if span is not None]


def _single(text: str) -> Years | None:
    if re.fullmatch(r"\d{1,4}", text):
        return float(text), float(text)
    if (found := _DECADE.fullmatch(text)) and not (year := int(found["year"] or found["after"])) % 10:
        return _share(found["words"], year, 100 if not year % 100 else 10)
    if found := _CENTURY.fullmatch(text) or _CENTURY_BEFORE.fullmatch(text):
        fields = found.groupdict()
        number = int(fields["number"]) if fields.get("number") else _roman(fields["roman"])
        return _share(found["words"], 100 * number - 99, 100) if 0 < number <= 21 else None
    if (found := _DAY.fullmatch(text)) and (found["month"] is None or found["month"].startswith(_MONTHS)):
        return float(found["year"]), float(found["year"])
    return None


def _share(words: str, first: int, count: int) -> Years | None:
    """Return the part of some years that words before them name, such as `early`."""
    words = words.strip()
    if half := _HALVES.fullmatch(words):
        shares = (0.0, 0.5) if half["which"][0] in "1fep" else (0.5, 1.0)
    elif words in _SHARES:
        shares = _SHARES[words]
    else:
        return None
    start, end = (round(share * count) for share in shares)
    return float(first + start), float(first + end - 1)


def _roman(text: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10}[sign] for sign in text]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
