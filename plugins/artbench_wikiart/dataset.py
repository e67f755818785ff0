"""WikiArt on disk: one dataset for all its tasks, so that features are extracted once for all of them."""

from pathlib import Path

from artbench.data import Dataset
from artbench.data.authoring import match_files
from artbench_wikiart.layout import find_images, find_lists, scan_images
from artbench_wikiart.lists import read_lists


def open_wikiart(root: Path) -> Dataset:
    """Read the lists under `root` and find the images that they name, without opening any.

    The ids are the paths in the lists, sorted; files may be named differently (`match_files`). Images that no list
    names are left out. `Dataset.tables` holds the `TaskLists` of each task, by its name.

    Raises:
        ArtbenchError: The folder lacks lists or images, or a list is broken.
    """
    lists = {task: read_lists(files) for task, files in find_lists(root).items()}
    listed = {row.path for task in lists.values() for row in (*task.train, *task.val)}
    styles = {path.rpartition("/")[0] for path in listed}
    place = find_images(root, styles)
    sizes = scan_images(root / place, styles)
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
