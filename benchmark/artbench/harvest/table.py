"""A table with addresses of images."""

from pathlib import Path
from urllib.parse import urlsplit

from artbench.data.authoring import read_table
from artbench.errors import ArtbenchError, UsageError
from artbench.harvest.picture import Picture, columns_of, plain


def listed_pictures(file: Path, *, column: str | None) -> tuple[list[Picture], str]:
    """Return the pictures that a table lists, and the column of their addresses.

    Args:
        file: The table, CSV or Parquet.
        column: Column of the addresses; None: the only one with more addresses than other values.

    Raises:
        UsageError: No column holds addresses, or several do and none was named.
        ArtbenchError: The table can't be read.
    """
    table = read_table(file, dataset=file.name)
    if column is None:
        likely = [name for name, values in table.columns.items() if 2 * sum(map(_is_address, values)) > len(values)]
        if len(likely) != 1:
            named = f"{len(likely)} columns do: {', '.join(likely)}" if likely else f"it has {', '.join(table.columns)}"
            raise UsageError(f"{file}: no one column holds addresses of images; {named}", mend="Name it with --column")
        (column,) = likely
    addresses = table.column(column, dataset=file.name)
    found: dict[str, Picture] = {}
    for number, address in enumerate(addresses):
        if not _is_address(address) or address in found:
            continue
        pairs = [(name, plain(values[number])) for name, values in table.columns.items() if name != column]
        low = {name.lower(): value for name, value in pairs}
        found[address] = Picture(
            id=address,
            image=address,
            title=low.get("title", ""),
            rights=low.get("rights", low.get("licence", low.get("license", ""))),
            columns=columns_of([(name, value) for name, value in pairs if name.lower() not in ("title", "rights")]),
        )
    if not found:
        raise ArtbenchError(f"{file}: the column {column!r} holds no address of an image")
    return list(found.values()), column


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
