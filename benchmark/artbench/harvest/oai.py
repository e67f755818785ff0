"""OAI-PMH with the Europeana Data Model: works with the address of an image, page by page.

https://www.openarchives.org/OAI/openarchivesprotocol.html.
"""

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element

from artbench.errors import ArtbenchError
from artbench.harvest.client import Client
from artbench.harvest.picture import Picture, columns_of, plain
from artbench.runtime.untrusted import plain_xml

# Bytes of a page of some hundred records.
_LARGEST = 64_000_000

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_EDM = "{http://www.europeana.eu/schemas/edm/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_SKOS = "{http://www.w3.org/2004/02/skos/core#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"

_FIELDS = (
    ("creator", _DC + "creator"),
    ("type", _DC + "type"),
    ("subject", _DC + "subject"),
    ("medium", _DCTERMS + "medium"),
    ("date", _DCTERMS + "created"),
    ("date", _DC + "date"),
    ("identifier", _DC + "identifier"),
)


class ForgottenError(ArtbenchError):
    """The server does not know any more where a list was left off."""


def pages(endpoint: str, *, client: Client, set_: str | None, token: str) -> Iterator[tuple[list[Picture], str, int]]:
    """Yield the pictures of each page of records, the token of the next page, and how many records have no image.

    The token of the last page is empty. Records that were deleted, and works without an image, are left out.

    Args:
        endpoint: Address of the server, without a question mark.
        client: Fetches the pages.
        set_: Name of a set of records; None: all.
        token: Where to go on; empty: at the beginning.

    Raises:
        ForgottenError: The server does not know the token any more.
        ArtbenchError: The server answers with an error, or with something else than OAI-PMH.
        StopError: The server wants no more requests for now.
    """
    base = urlsplit(endpoint)._replace(query="", fragment="").geturl()
    while True:
        asked = {"verb": "ListRecords"}
        if token:
            asked["resumptionToken"] = token
        else:
            asked |= {"metadataPrefix": "edm", **({} if set_ is None else {"set": set_})}
        answer = client.get(f"{base}?{urlencode(asked)}", most=_LARGEST)
        try:
            document = plain_xml(answer.data)
        except ValueError as error:
            raise ArtbenchError(f"{base}: the answer is not XML ({error})") from error
        if document.tag != f"{_OAI}OAI-PMH":
            raise ArtbenchError(f"{base}: the answer is not OAI-PMH", mend="Give the address of its OAI-PMH endpoint")
        if (problem := document.find(f"{_OAI}error")) is not None:
            code = problem.get("code", "")
            if code == "noRecordsMatch":
                yield [], "", 0
                return
            said = f"{base}: the server says {code}: {plain(problem.text)[:200]}"
            raise ForgottenError(said) if code == "badResumptionToken" and token else ArtbenchError(said)
        records = [one for one in document.iter(f"{_OAI}record") if _kept(one)]
        found = [picture for record in records if (picture := _picture(record)) is not None]
        last, element = token, document.find(f"{_OAI}ListRecords/{_OAI}resumptionToken")
        token = "" if element is None else (element.text or "").strip()
        if token and token == last:
            raise ArtbenchError(f"{base}: the server gives the same page again and again")
        yield found, token, len(records) - len(found)
        if not token:
            return


def _kept(record: Element) -> bool:
    header = record.find(f"{_OAI}header")
    return header is not None and header.get("status") != "deleted"


def _picture(record: Element) -> Picture | None:
    """Return the picture of a record; None if it has no image."""
    names = {
        about: label
        for kind in (f"{_EDM}Agent", f"{_SKOS}Concept", f"{_EDM}Place", f"{_EDM}TimeSpan")
        for one in record.iter(kind)
        if (about := one.get(f"{_RDF}about")) and (label := _label(one))
    }
    image = next((address for one in record.iter(f"{_EDM}isShownBy") if (address := _resource(one))), "")
    if not image:
        return None
    stated = [_resource(one) or plain(one.text) for one in record.iter(f"{_EDM}rights")]
    pairs = [
        (column, names.get(value, value))
        for column, tag in _FIELDS
        for one in record.iter(tag)
        if (value := _resource(one) or plain(one.text)) and _is_read(one)
    ]
    identifier = plain(record.findtext(f"{_OAI}header/{_OAI}identifier"))
    base, service = _service(image)
    return Picture(
        id=identifier or image,
        image=base,
        service=service,
        title=_title(record),
        object=identifier,
        rights=next(filter(None, stated), ""),
        columns=columns_of(pairs),
    )


def _service(image: str) -> tuple[str, bool]:
    """Return the image service that an address of its whole image belongs to, or the address itself.

    Examples:
        >>> from artbench.harvest.oai import _service
        >>> _service("https://iiif.example.org/PJEZO/full/max/0/default.jpg")
        ('https://iiif.example.org/PJEZO', True)
        >>> _service("https://example.org/night.jpg")
        ('https://example.org/night.jpg', False)
    """
    for size in ("max", "full"):
        for name in ("default.jpg", "native.jpg"):
            if image.endswith(end := f"/full/{size}/0/{name}"):
                return image.removesuffix(end), True
    return image, False


def _resource(element: Element) -> str:
    """Return the address that an element names, in an attribute of its own or of one within it."""
    for one in element.iter():
        if address := one.get(f"{_RDF}resource") or one.get(f"{_RDF}about"):
            return plain(address)
    return ""


def _title(record: Element) -> str:
    titles = [one for one in record.iter(_DC + "title") if plain(one.text)]
    english = [one for one in titles if (one.get(f"{_XML}lang") or "").startswith("en")]
    return plain((english or titles)[0].text) if titles else ""


def _label(one: Element) -> str:
    labels = [label for label in one.iter(f"{_SKOS}prefLabel") if plain(label.text)]
    english = [label for label in labels if (label.get(f"{_XML}lang") or "").startswith("en")]
    return plain((english or labels)[0].text) if labels else ""


def _is_read(one: Element) -> bool:
    """Whether a value is in English, or in no language that is stated."""
    return (one.get(f"{_XML}lang") or "en").startswith("en")
