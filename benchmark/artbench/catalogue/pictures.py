"""The pictures that a catalogue is made of: a folder, whatever lies in it, or a dataset."""

from itertools import pairwise
from pathlib import Path

from artbench.data.authoring import image_id, images_in
from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_dataset
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec


def check_pictures(name: str, *, registry: Registry, paths: DatasetPaths) -> DatasetSpec | None:
    """Return the dataset of this name; None for a folder that is there. No folder is looked through.

    Raises:
        UsageError: It is neither, or nothing says where the dataset is.
    """
    path = Path(name).expanduser()
    if not name:
        raise UsageError("the path of the pictures is empty", mend="Is a variable of the shell not set?")
    if path.is_dir():
        return None
    if path.exists():
        raise UsageError(
            f"{name} is a file, not a folder of pictures", mend=f"Give its folder, or a table as collection:{name}"
        )
    if "/" in name and ":" not in name:
        raise UsageError(f"there is no folder {name}", mend="Give a folder of pictures, or the name of a dataset")
    spec = registry.datasets.get(name)
    paths.given_folder(spec)
    return spec


def open_pictures(name: str, *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> Dataset:
    """Find the pictures of a folder and of all folders below it, or those of a dataset, without opening any.

    In a folder, nothing but its pictures counts: folders are no classes, and tables are not read. Ids are paths below
    it. A dataset, such as `collection:table.csv`, has the pictures that its plugin finds.

    Raises:
        UsageError: It is neither a folder nor a dataset, or nothing says where the dataset is.
        ArtbenchError: It has no pictures, or can't be read.
    """
    spec = check_pictures(name, registry=registry, paths=paths)
    if spec is not None:
        return open_dataset(spec, paths.folder(spec, reporter=reporter))
    root = Path(name).expanduser().absolute()
    title = f"folder:{root.name}"
    sizes = images_in(root, dataset=title, depth=None)
    if not sizes:
        raise ArtbenchError(f"{name} holds no pictures", mend="They are known by their names: .jpg, .png, .tif, …")
    files = sorted(sizes, key=image_id)
    ids = [image_id(file) for file in files]
    if len(set(ids)) < len(ids):
        twice = next(one for one, other in pairwise(ids) if one == other)
        raise ArtbenchError(f"{name} holds two files that are both called {twice}", mend="Rename one of them")
    return Dataset(name=title, root=root, ids=ids, files=files, versions=[str(sizes[file]) for file in files])
