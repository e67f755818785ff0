"""The painter of an image: the part of its file name before the first `_`."""


def painter_of(path: str) -> str:
    """Return the painter's name as in file names: `vincent-van-gogh`."""
    return path.rpartition("/")[2].partition("_")[0]
