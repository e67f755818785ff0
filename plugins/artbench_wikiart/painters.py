"""Who painted a picture: the part of its file name before the first `_`."""


def painter_of(path: str) -> str:
    """The painter's name as file names write it: `vincent-van-gogh`."""
    return path.rpartition("/")[2].partition("_")[0]
