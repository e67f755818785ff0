"""A small Rijksmuseum Challenge, in the form in which it is given."""

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from scipy.io import savemat

# The mangled name is as in the true file: each letter beyond ASCII became two control characters.
CREATORS = ("dani\x1a\x1al", "rijn, rembrandt van", "vermeer, jan", "anoniem", "unknown")
TYPES = ("prent", "schilderij", "zeldzaam")
MATERIALS = ("", "olieverf", "papier", "zilver")

WORKS = 100


def stems(count: int = WORKS) -> list[str]:
    """Names with gaps in their numbers, as the true ones have."""
    return [f"{2 * k + k // 7 + 1:07}_SK-A-{k % 9} {k}" for k in range(count)]


def sets(count: int = WORKS) -> list[int]:
    return [(3, 1, 3, 2, 1)[k % 5] for k in range(count)]


def creator(k: int) -> int:
    """By the tens: Daniël, Rembrandt, nobody known; two Vermeers, both to train on."""
    return 2 if k in (21, 26) else (0, 1, 3)[k // 5 % 3]


def write_truth(file: Path, count: int = WORKS) -> None:
    types = np.zeros((count, len(TYPES)), np.uint8)
    materials = np.zeros((count, len(MATERIALS)), np.uint8)
    types[np.arange(count), np.arange(count) % 2] = 1
    materials[np.arange(count), 1 + (np.arange(count) // 2) % 2] = 2
    # Types of a work are ranked by their mention.
    types[1, 2] = materials[2, 3] = 2
    years = np.stack([1600 + np.arange(count), 1610 + np.arange(count)], axis=1).astype(np.int16)
    years[3] = (1500, 1700)
    years[4] = (1650, 1640)
    fields = ("Cnames", "C", "Y", "T", "Tnames", "M", "Mnames", "set")
    truth = np.zeros((1, 1), [(name, object) for name in fields])
    truth[0, 0] = (
        _cells(CREATORS),
        np.array([[1 + creator(k)] for k in range(count)], np.uint16),
        years,
        types,
        _cells(TYPES),
        materials,
        _cells(MATERIALS),
        np.array([sets(count)], np.int16).T,
    )
    savemat(file, {"gt": truth}, do_compression=True)


def write_images(folder: Path, count: int = WORKS) -> None:
    """A stand-in for every image; opening the dataset reads none."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, stem in enumerate(stems(count), start=1):
        (folder / f"{stem}.jpg").write_bytes(bytes(size))


def write_release(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    write_truth(root / "rijksgt.mat")
    write_images(root / "jpg")
    return root


def metadata(creators: list[str], types: list[str], formats: list[str]) -> str:
    """One work, as the museum's interface gave it."""
    fields = [("creator", text) for text in creators] + [("type", text) for text in types]
    fields += [("format", text) for text in formats]
    lines = "".join(f"<dc:{name}>{escape(text)}</dc:{name}>\n" for name, text in fields)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<record xmlns="http://www.openarchives.org/OAI/2.0/"><header/><metadata>\n'
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"{lines}</oai_dc:dc></metadata></record>\n"
    )


def _cells(names: tuple[str, ...]) -> "np.ndarray[tuple[int, ...], np.dtype[np.object_]]":
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = names
    return cells
