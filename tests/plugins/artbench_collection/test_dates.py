"""Dates as museums write them."""

import pytest

from artbench_collection.dates import read_years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1650", (1650, 1650)),
        ("-200", (-200, -200)),
        ("1503.5", (1503.5, 1503.5)),
        # EDTF.
        ("1650~", (1650, 1650)),
        ("165X", (1650, 1659)),
        ("16XX", (1600, 1699)),
        ("1650-03/1675-12-31?", (1650, 1675)),
        ("-0043", (-43, -43)),
        # Words around a year.
        ("vers 1799", (1799, 1799)),
        ("ca.1650", (1650, 1650)),
        ("[um 1520?]", (1520, 1520)),
        ("12 May 1888", (1888, 1888)),
        ("1.5.1888", (1888, 1888)),
        ("44 v. Chr.", (-43, -43)),
        ("AD 79", (79, 79)),
        # Spans.
        ("c. 1650-1675", (1650, 1675)),
        ("1650–75", (1650, 1675)),
        ("um 1510/20", (1510, 1520)),
        ("zwischen 1650 und 1660", (1650, 1660)),
        ("100-50 BC", (-99, -49)),
        ("1880s", (1880, 1889)),
        ("années 1880", (1880, 1889)),
        ("1800s", (1800, 1899)),
        ("mid 1880s", (1883, 1886)),
        ("17th century", (1601, 1700)),
        ("XVIIe siècle", (1601, 1700)),
        ("secolo XVI", (1501, 1600)),
        ("16th-17th century", (1501, 1700)),
        ("2nd century BC", (-199, -100)),
        ("early 18th century", (1701, 1733)),
        ("2. Hälfte 17. Jh.", (1651, 1700)),
    ],
)
def test_a_date_is_the_years_that_it_names(text: str, years: tuple[float, float]) -> None:
    assert read_years(text) == years


@pytest.mark.parametrize(
    "text",
    [
        *("", "n.d.", "o. J.", "unknown", "Rembrandt 1650", "Inv. 1650", "1650 reworked 1660", "before 1650"),
        # An open interval has no middle; the last ends before it begins, is too wide, or too late.
        *("../1650", "1700/1650", "1200-1700", "12000", "25th century", "1 " * 40_000),
    ],
)
def test_nothing_is_guessed_from_a_part_of_a_date(text: str) -> None:
    assert read_years(text) is None
