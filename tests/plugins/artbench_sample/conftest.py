"""What the tests of the sample collection share."""

from pathlib import Path

import pytest

from artbench_sample.catalogue import Work, draw_up
from artbench_sample.crew import image_file
from artbench_sample.paint import SEED, write_labels


@pytest.fixture(scope="session")
def works() -> list[Work]:
    """The catalogue."""
    return draw_up(SEED)


@pytest.fixture(scope="session")
def collection(works: list[Work], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all labels; the images are there, and empty."""
    folder = tmp_path_factory.mktemp("sample")
    (folder / "pictures").mkdir()
    for work in works:
        (folder / image_file(work)).touch()
    write_labels(folder, works)
    return folder
