"""The registered datasets: whether each is there, and whether its lists can be read."""

from collections.abc import Iterator
from dataclasses import replace

from artbench.cli.doctor.examination import Environment
from artbench.data.folders import made_folder
from artbench.data.opening import open_dataset
from artbench.errors import ArtbenchError
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.progress import Silent
from artbench.specs import DatasetSpec


def datasets(environment: Environment) -> Iterator[Finding]:
    """Examine every dataset, without opening or making any image."""
    root = environment.paths.root
    if root is not None and not root.expanduser().is_dir():
        yield failed("--data-root", f"no folder at {root}", mend="Name the folder that holds one folder per dataset")
    specs = {spec.name: spec for _, spec in environment.registry.datasets.specs()}
    for name in environment.paths.by_name:
        specs.setdefault(name, environment.registry.datasets.get(name))
    for spec in specs.values():
        yield _dataset(spec, environment)


def _dataset(spec: DatasetSpec, environment: Environment) -> Finding:
    try:
        # Without `prepare`, which takes long.
        folder = environment.paths.folder(replace(spec, prepare=None), reporter=Silent())
    except ArtbenchError as error:
        if spec.name in environment.paths.by_name:
            return failed(spec.name, error.message.removeprefix(f"{spec.name}: "), mend=error.mend)
        if spec.prepare is None:
            return _absent(spec, environment)
        folder = made_folder(spec)
        if not folder.is_dir():
            return passed(spec.name, "is made when it is first used")
    try:
        count = len(open_dataset(spec, folder))
    except ArtbenchError as error:
        return failed(spec.name, error.message, mend=error.mend)
    if spec.pictures is not None and count < spec.pictures:
        mend = f"`artbench data check {spec.name}` shows what is missing"
        return warned(spec.name, f"{count:,} of {spec.pictures:,} images in {folder}", mend=mend)
    return passed(spec.name, f"{count:,} images in {folder}")


def _absent(spec: DatasetSpec, environment: Environment) -> Finding:
    how = f"`artbench data download {spec.name}` says where it is published"
    if environment.paths.root is None:
        mend = f"To use it, --data {spec.name}=DIR, or --data-root (ARTBENCH_DATA) with a folder {spec.name} in it"
        return warned(spec.name, "no folder is given for it", mend=f"{mend}; {how}")
    return warned(spec.name, f"no folder at {environment.paths.root / spec.name}", mend=f"To use it: {how}")
