"""WikiArt as it lies on disk: one dataset for all its tasks, so that one pass over the pictures serves them all."""

from pathlib import Path

from artbench.data.authoring.listing import match_files
from artbench.data.dataset import Dataset
from artbench_wikiart.layout import find_lists, find_pictures, scan_pictures
from artbench_wikiart.lists import read_lists


def open_wikiart(root: Path) -> Dataset:
    """Read the lists under `root` and find the pictures that they name; opens no picture.

    The ids are the paths as the lists write them, sorted; the files may be called otherwise (`match_files`). A
    picture that no list names is left out. `Dataset.tables` holds the `TaskLists` of each task, by its name.

    Raises:
        ArtbenchError: The folder does not hold what it should, or a list is broken.
    """
    lists = {task: read_lists(files) for task, files in find_lists(root).items()}
    listed = {row.path for task in lists.values() for row in (*task.train, *task.val)}
    styles = {path.rpartition("/")[0] for path in listed}
    place = find_pictures(root, styles)
    sizes = scan_pictures(root / place, styles)
    files = match_files(listed, sizes)
    ids = sorted(files)
    prefix = "" if place == "." else f"{place}/"
    return Dataset(
        name="wikiart",
        root=root,
        ids=ids,
        files=[prefix + files[path] for path in ids],
        versions=[str(sizes[files[path]]) for path in ids],
        tables=lists,
    )
