"""What a harvest is asked to fetch."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from artbench.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class HarvestRequest:
    """A source of pictures, and the folder that they are fetched into.

    Attributes:
        source: Address of a IIIF manifest or collection, `oai:` and the address of an OAI-PMH endpoint, or the path of
            a table with addresses of images.
        out: Folder of the collection.
        side: Longest side of the images in pixels, where a server can scale them.
        limit: Most pictures; None: all.
        every: Whether to take every picture of a manifest, and not its first alone.
        set_: Set of records of an OAI-PMH server; None: all records.
        column: Column of the addresses in a table; None: the only one that holds addresses.
        open_only: Whether to leave out pictures that are not said to be in the public domain or under Creative Commons.
        delay: Seconds between two requests to one server.
        private: Whether servers in private networks may be asked.
        contact: Address of e-mail or web page that servers are told; empty: none.

    Raises:
        UsageError: An option does not go with the source.
    """

    source: str
    out: Path
    side: int = 512
    limit: int | None = None
    every: bool = False
    set_: str | None = None
    column: str | None = None
    open_only: bool = False
    delay: float = 1.0
    private: bool = False
    contact: str = ""

    def __post_init__(self) -> None:
        if self.set_ is not None and not self.is_oai:
            raise UsageError("--set goes with OAI-PMH", mend="Write the source as oai:https://…, or leave --set out")
        if self.column is not None and not self.is_table:
            raise UsageError("--column goes with a table", mend="Leave it out")
        if self.every and (self.is_oai or self.is_table):
            raise UsageError("--every-image goes with IIIF", mend="Leave it out")
        if not self.contact.isprintable() or not self.contact.isascii():
            raise UsageError(f"{self.contact!r} can't be told to a server", mend="Give an address in ASCII")

    @property
    def is_oai(self) -> bool:
        """Whether the source is an OAI-PMH endpoint."""
        return self.source.startswith("oai:")

    @property
    def is_table(self) -> bool:
        """Whether the source is a table."""
        return not self.is_oai and urlsplit(self.source).scheme not in ("http", "https")

    @property
    def asked(self) -> dict[str, object]:
        """What decides which pictures are fetched, and how."""
        return {
            "source": self.source,
            "side": self.side,
            "every_image": self.every,
            "set": self.set_,
            "column": self.column,
            "open_only": self.open_only,
        }
