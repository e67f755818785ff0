"""What a source says of one picture, before it is fetched."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# Most signs of a value: a museum's description of a work, and not a book.
LONGEST_VALUE = 2_000
# Most values of one picture.
MOST_COLUMNS = 60
# What pictures and tables have beside the museum's own columns.
OWN_COLUMNS = ("path", "title", "object", "rights", "source")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that can be fetched.

    Attributes:
        id: What tells it from all others of its source, such as the address of its canvas.
        image: Address of the image; of one with a IIIF image service, the address of the service.
        service: Whether `image` is an image service, which can be asked for a size.
        title: What its source calls it.
        object: What the pictures of one work share, such as the address of its manifest.
        rights: Address or text of the terms of use; empty if none are stated.
        columns: Whatever else is said of it, by name.
    """

    id: str
    image: str
    service: bool = False
    title: str = ""
    object: str = ""
    rights: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Picture":
        """Return a picture from what `as_json` wrote.

        Raises:
            TypeError: It is not what `as_json` writes.
        """
        picture = cls(**found)
        texts = (picture.id, picture.image, picture.title, picture.object, picture.rights, *picture.columns.values())
        if not all(isinstance(text, str) for text in texts) or not isinstance(picture.service, bool):
            raise TypeError("not a picture")
        return picture


def plain(value: object) -> str:
    """Return a value as one line of text of bounded length; empty for what is no text."""
    return " ".join(value.split())[:LONGEST_VALUE] if isinstance(value, str) else ""


def columns_of(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return columns by name, the values of a name that comes twice joined by bars; names of our own get a `_`."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        column = plain(name)[:80].strip(":").lower() or "value"
        column = f"{column}_" if column in OWN_COLUMNS else column
        if value and (column in found or len(found) < MOST_COLUMNS) and value not in found.setdefault(column, []):
            found[column].append(value)
    return {column: "|".join(values)[:LONGEST_VALUE] for column, values in found.items()}
