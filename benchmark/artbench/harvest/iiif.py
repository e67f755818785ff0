"""IIIF Presentation 2 and 3: the pictures of manifests, and of collections of manifests.

https://iiif.io/api/presentation/3.0/ and https://iiif.io/api/presentation/2.1/.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

from artbench.errors import ArtbenchError
from artbench.harvest.client import Client, StopError
from artbench.harvest.picture import Picture, columns_of, plain

# Bytes of a document: a manifest of a thousand pages has some.
LARGEST = 64_000_000
# Documents of one harvest, and how deep collections may be within each other.
_MOST, _DEEPEST = 100_000, 12


def read_document(data: bytes, url: str) -> dict[str, Any]:
    """Return a IIIF document.

    Raises:
        ArtbenchError: It is no JSON object.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArtbenchError(f"{url}: it is not JSON ({' '.join(str(error).split())[:80]})") from error
    if not isinstance(found, dict):
        raise ArtbenchError(f"{url}: it is no IIIF document")
    return found


def pictures(
    first: dict[str, Any],
    url: str,
    *,
    client: Client,
    every: bool,
    known: Callable[[str], bool],
    told: Callable[[str], None],
) -> Iterator[tuple[str, list[Picture]]]:
    """Yield the address and the pictures of each manifest, that of `first` or those of the collections that it is.

    Each document is looked at anew: a collection of one version may list manifests of another. A document that can't
    be had is told and left out.

    Args:
        first: The document that was asked for.
        url: Its address.
        client: Fetches the others.
        every: Whether to take all pictures of a manifest, and not its first alone.
        known: Whether a manifest was read before, and is not read again.
        told: Receives what was left out, a line each.

    Raises:
        ArtbenchError: `first` is neither a manifest nor a collection.
        StopError: A server wants no more requests for now.
    """
    found = _kind(first)
    if found is None:
        raise ArtbenchError(f"{url}: it is neither a manifest nor a collection of IIIF")
    if found == "manifest":
        yield url, _of_manifest(first, url, every=every, client=client)
        return
    seen = {url}
    waiting = deque((one, 1) for one in _members(first, url))
    while waiting:
        address, depth = waiting.popleft()
        if address in seen or known(address):
            continue
        seen.add(address)
        if len(seen) > _MOST:
            told(f"{url} lists more than {_MOST:,} documents; the rest is left out")
            return
        try:
            document = read_document(client.get(address, most=LARGEST).data, address)
            if _kind(document) == "manifest":
                yield address, _of_manifest(document, address, every=every, client=client)
            elif _kind(document) == "collection" and depth < _DEEPEST:
                waiting.extendleft((one, depth + 1) for one in reversed(_members(document, address)))
            else:
                told(f"{address} is neither a manifest nor a collection of IIIF, or too deep within others")
        except StopError:
            raise
        except ArtbenchError as error:
            told(str(error))


def _kind(document: dict[str, Any]) -> str | None:
    stated = str(document.get("type", document.get("@type", ""))).rpartition(":")[2].lower()
    return stated if stated in ("manifest", "collection") else None


def _members(document: dict[str, Any], url: str) -> list[str]:
    """Return the addresses of the manifests and collections of a collection, in order."""
    listed = [one for key in ("items", "manifests", "members", "collections") for one in _list(document.get(key))]
    return [urljoin(url, address) for one in listed if (address := _id(one))]


def _of_manifest(document: dict[str, Any], url: str, *, every: bool, client: Client) -> list[Picture]:
    """Return the pictures of a manifest, in the order of its canvases."""
    object_, title = _id(document) or url, _words(document.get("label"))
    rights = plain(_first(document.get("rights"))) or plain(_first(document.get("license")))
    statement = document.get("requiredStatement")
    terms = _words(statement.get("value")) if isinstance(statement, dict) else _words(document.get("attribution"))
    pairs = [
        (_words(pair.get("label")), _words(pair.get("value")))
        for pair in _list(document.get("metadata"))
        if isinstance(pair, dict)
    ]
    columns = columns_of([*pairs, ("statement", terms)])
    found = []
    for canvas in _canvases(document):
        for body in _bodies(canvas, client):
            image, service = _image(body, url)
            if not image:
                continue
            page = _words(canvas.get("label"))
            found.append(
                Picture(
                    id=_id(canvas) or image,
                    image=image,
                    service=service,
                    title=title or page,
                    object=object_,
                    rights=rights or terms,
                    columns={**columns, **({"page": page} if every and page else {})},
                )
            )
            break
        if found and not every:
            break
    return found


def _canvases(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sequences = [one for one in _list(document.get("sequences")) if isinstance(one, dict)]
    listed = [canvas for one in sequences[:1] for canvas in _list(one.get("canvases"))] or _list(document.get("items"))
    yield from (canvas for canvas in listed if isinstance(canvas, dict))


def _bodies(canvas: dict[str, Any], client: Client) -> Iterator[dict[str, Any]]:
    """Yield what is painted on a canvas, in either version."""
    for annotation in _list(canvas.get("images")):
        yield from _choices(annotation.get("resource") if isinstance(annotation, dict) else None)
    for page in _list(canvas.get("items")):
        if isinstance(page, dict) and "items" not in page and (address := _id(page)):
            page = read_document(client.get(address, most=LARGEST).data, address)
        for annotation in _list(page.get("items") if isinstance(page, dict) else None):
            if isinstance(annotation, dict) and annotation.get("motivation", "painting") in ("painting", ["painting"]):
                yield from _choices(annotation.get("body"))


def _choices(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the image resources of a body, the default of a choice first."""
    for one in _list(body):
        if not isinstance(one, dict):
            continue
        kind = str(one.get("type", one.get("@type", ""))).rpartition(":")[2].lower()
        if kind == "choice":
            for other in [*_list(one.get("default")), *_list(one.get("items")), *_list(one.get("item"))]:
                yield from _choices(other)
        elif kind == "specificresource":
            yield from _choices(one.get("source", one.get("full")))
        else:
            yield one


def _image(body: dict[str, Any], url: str) -> tuple[str, bool]:
    """Return the address of an image, and whether it is an image service."""
    for service in _list(body.get("service")):
        if isinstance(service, dict) and (base := _id(service)):
            stated = f"{service.get('type', '')} {service.get('@type', '')} {service.get('@context', '')}"
            if "image" in stated.lower():
                return urljoin(url, base).rstrip("/"), True
    address = _id(body)
    return (urljoin(url, address), False) if address else ("", False)


def _id(one: Any) -> str:
    found = one.get("id", one.get("@id")) if isinstance(one, dict) else one
    return found if isinstance(found, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(value: Any) -> Any:
    return next(iter(_list(value)), "")


def _words(value: Any) -> str:
    """Return a label or a value: text, texts with languages (English first), or a map of languages."""
    if isinstance(value, dict):
        if "@value" in value:
            return plain(value["@value"])
        texts = next((value[key] for key in ("en", "none", "@none") if key in value), _first(list(value.values())))
        return "; ".join(filter(None, (plain(one) for one in _list(texts))))
    if isinstance(value, list):
        english = [one for one in value if isinstance(one, dict) and str(one.get("@language", "")).startswith("en")]
        return "; ".join(filter(None, (_words(one) for one in english or value)))
    return plain(value)
