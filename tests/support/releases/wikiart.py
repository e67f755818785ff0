"""A small release of WikiArt, written on the spot in any of its layouts."""

import gzip
from collections.abc import Mapping
from pathlib import Path

STYLES = ("Abstract_Expressionism", "Art_Nouveau", "Realism")
PAINTERS = ("Albrecht_Durer", "Boris_Kustodiev")
GENRES = ("abstract_painting", "cityscape")

# The class Art_Nouveau lies in a folder of another name, as in the release.
STYLE_TRAIN = (("Abstract_Expressionism/gene-davis_untitled(3).jpg", 0), ("Art_Nouveau_Modern/a_b.jpg", 1))
STYLE_VAL = (("Realism/ilya-repin_c.jpg", 2), ("Art_Nouveau_Modern/a_d.jpg", 1))
ARTIST_TRAIN = (("Realism/ilya-repin_c.jpg", 1), ("Art_Nouveau_Modern/a_b.jpg", 0))
ARTIST_VAL = (("Art_Nouveau_Modern/a_d.jpg", 0),)
GENRE_TRAIN = (("Art_Nouveau_Modern/a_b.jpg", 1),)
GENRE_VAL = (("Realism/ilya-repin_c.jpg", 0), ("Art_Nouveau_Modern/a_d.jpg", 0), ("Realism/ilya-repin_c.jpg", 1))

Rows = tuple[tuple[str, int], ...]


def rows(listed: Rows, *, artist_form: bool = False) -> str:
    """The text of a list: CRLF without a head, or as the artist lists are."""
    if artist_form:
        return "(Path to image),, (Groundtruth class) \n\n" + "".join(f"{path},,{label}\n" for path, label in listed)
    return "".join(f"{path},{label}\r\n" for path, label in listed)


def classes(names: tuple[str, ...]) -> str:
    return "".join(f"{index} {name}\n" for index, name in enumerate(names))


def texts(*, repository: bool = False) -> dict[str, str]:
    """All nine lists, by the name they have in the zip file or in the ArtGAN repository."""
    artist = {
        "artist_class": classes(PAINTERS),
        "artist_train": rows(ARTIST_TRAIN, artist_form=repository),
        "artist_val": rows(ARTIST_VAL, artist_form=repository),
    }
    others = {
        "style_class.txt": classes(STYLES),
        "style_train.csv": rows(STYLE_TRAIN),
        "style_val.csv": rows(STYLE_VAL),
        "genre_train.csv": rows(GENRE_TRAIN),
        "genre_val.csv": rows(GENRE_VAL),
    }
    if repository:
        return artist | others | {"genre_class": classes(GENRES)}
    suffixed = {name + (".txt" if "class" in name else ".csv"): text for name, text in artist.items()}
    return suffixed | others | {"genre_class.txt": classes(GENRES)}


def write_lists(folder: Path, lists: Mapping[str, str], *, by_task: bool = False, zipped: bool = False) -> None:
    """Write lists into one folder, or into one for each task."""
    for name, text in lists.items():
        place = folder / name.partition("_")[0].capitalize() if by_task else folder
        place.mkdir(parents=True, exist_ok=True)
        if zipped:
            (place / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (place / name).write_bytes(text.encode())


def write_images(folder: Path, *more: str) -> None:
    """Write a stand-in for every image of the lists, each of its own size; opening a dataset reads none."""
    listed = [*STYLE_TRAIN, *STYLE_VAL, *ARTIST_TRAIN, *ARTIST_VAL, *GENRE_TRAIN, *GENRE_VAL]
    for size, path in enumerate(sorted({path for path, _ in listed} | set(more)), start=1):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(bytes(size))


def write_release(root: Path) -> Path:
    """The release as its two zip files unpack into one folder."""
    write_lists(root / "wikiart_csv", texts())
    write_images(root / "wikiart")
    return root
