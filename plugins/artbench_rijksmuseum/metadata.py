"""The XML file of a work: the museum's OAI Dublin Core."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from artbench.errors import ArtbenchError
from artbench.runtime.untrusted import plain_xml
from artbench_rijksmuseum.works import TEST, TRAIN, VALIDATION, Labels, Works

_DC = "{http://purl.org/dc/elements/1.1/}"
_LARGEST = 10_000_000
_NOBODY = frozenset({"anoniem", "unknown"})


def read_metadata(files: Mapping[str, Path]) -> Works:
    """Read creator, types and materials of works; the split is not in these files and is made by hash.

    The first `dc:creator`, `role: Surname, First`, is taken without the role; `dc:type` holds the types; `dc:format`
    holds a material if it begins with `materiaal:`. All are lower case, as in `rijksgt.mat`. A
    fifth of the works is test, a tenth validation, by the SHA-256 of the stem.

    Args:
        files: The files by the works' stems.

    Raises:
        ArtbenchError: A file can't be read, or is not such XML.
    """
    creators, types, materials = [], [], []
    for file in files.values():
        record = _parse(file)
        named = [re.sub(r"^[^:,]*:\s*", "", text) for text in _texts(record, "creator")]
        creators.append(named[:1] or ["unknown"])
        types.append(_texts(record, "type"))
        formats = (text.partition(":") for text in _texts(record, "format"))
        materials.append([name.strip() for kind, _, name in formats if kind.strip() == "materiaal" and name.strip()])
    labelled = _labels(creators)
    return Works(
        sets=np.array([_set(stem) for stem in files], np.int64),
        creators=labelled,
        anonymous=frozenset(k for k, name in enumerate(labelled.names) if name in _NOBODY),
        types=_labels(types),
        materials=_labels(materials),
    )


def _parse(file: Path) -> Element:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ArtbenchError(f"rijksmuseum-2014: {file} can't be read ({error.strerror})") from error
    if len(data) > _LARGEST:
        raise ArtbenchError(f"rijksmuseum-2014: {file} is not a work's metadata: it is too large")
    try:
        return plain_xml(data)
    except ValueError as error:
        raise ArtbenchError(f"rijksmuseum-2014: {file} is not XML of a work ({error})") from error


def _texts(record: Element, field: str) -> list[str]:
    return [text for element in record.iter(_DC + field) if (text := " ".join((element.text or "").lower().split()))]


def _labels(of_works: Sequence[Sequence[str]]) -> Labels:
    names = tuple(sorted({name for work in of_works for name in work}))
    number = {name: k for k, name in enumerate(names)}
    pairs = sorted({(row, number[name]) for row, work in enumerate(of_works) for name in work})
    return Labels(
        names=names,
        rows=np.array([row for row, _ in pairs], np.int64),
        labels=np.array([label for _, label in pairs], np.int64),
    )


def _set(stem: str) -> int:
    place = int(sha256(stem.encode("utf-8", "surrogateescape")).hexdigest()[:13], 16) / 16**13
    return TEST if place < 0.2 else VALIDATION if place < 0.3 else TRAIN
