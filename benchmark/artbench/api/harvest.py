"""`artbench.harvest`: pictures of a museum's server as a collection."""

from pathlib import Path

from artbench.api.common import LoggingReporter, PathLike
from artbench.harvest.request import HarvestRequest
from artbench.harvest.workflow import Harvested
from artbench.harvest.workflow import harvest as _harvest
from artbench.runtime.progress import Reporter


def harvest(
    source: str,
    *,
    out: PathLike,
    side: int = 512,
    limit: int | None = None,
    every_image: bool = False,
    set: str | None = None,  # noqa: A002  the protocol's own word
    column: str | None = None,
    open_only: bool = False,
    delay: float = 1.0,
    contact: str = "",
    private: bool = False,
    reporter: Reporter | None = None,
) -> Harvested:
    """Fetch the pictures of a museum into a folder, which is then an ordinary collection.

    Servers are asked one request at a time, with pauses, within their robots.txt. A harvest that was stopped goes on by
    the same call.

    Args:
        source: Address of a IIIF manifest or collection (Presentation 2 or 3), `oai:` and the address of an OAI-PMH
            endpoint with EDM, or the path of a table with addresses of images.
        out: Folder of the collection: `collection.csv` and the folder `images`.
        side: Longest side of the images in pixels, where a server can scale them.
        limit: Most pictures; None: all.
        every_image: Whether to take every image of a manifest, and not its first alone.
        set: Set of records of an OAI-PMH server; None: all.
        column: Column of the addresses in a table; None: the only one that holds addresses.
        open_only: Whether to leave out what is not said to be in the public domain or under Creative Commons.
        delay: Seconds between two requests to one server.
        contact: Address of e-mail or web page that servers are told; empty: none.
        private: Whether servers in private networks may be asked.
        reporter: As for `artbench.run`.

    Returns:
        The table of the collection, how many pictures are there, and why others are not.

    Raises:
        UsageError: An option does not go with the source, or the folder holds another harvest.
        ArtbenchError: The source can't be read, has no picture, or a server wants no more requests for now.

    Examples:
        >>> import artbench
        >>> artbench.harvest("https://example.org/manifest.json", out="prints", column="url")
        Traceback (most recent call last):
            ...
        artbench.errors.UsageError: --column goes with a table. Leave it out.
    """
    request = HarvestRequest(
        source=source,
        out=Path(out),
        side=side,
        limit=limit,
        every=every_image,
        set_=set,
        column=column,
        open_only=open_only,
        delay=delay,
        contact=contact,
        private=private,
    )
    return _harvest(request, reporter=reporter or LoggingReporter())
