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
    found = {spec.name: _dataset(spec, environment) for spec in specs.values()}
    yield from (finding for finding in found.values() if finding is not None)
    absent = [name for name, finding in found.items() if finding is None]
    if absent:
        message = f"there is no folder for {', '.join(absent)}"
        mend = "To use one, give --data NAME=DIR, or --data-root; `artbench data download NAME` says where it is"
        yield Finding(name="other datasets", status="SKIP", message=message, mend=mend)


def _dataset(spec: DatasetSpec, environment: Environment) -> Finding | None:
    """Examine a dataset; None if it is not there and was not asked for."""
    try:
        # Without `prepare`, which takes long.
        folder = environment.paths.folder(replace(spec, prepare=None), reporter=Silent())
    except ArtbenchError as error:
        if spec.name in environment.paths.by_name:
            return failed(spec.name, error.message.removeprefix(f"{spec.name}: "), mend=error.mend)
        if spec.prepare is None:
            return None
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
