"""The registered datasets: where each is expected, whether it is there, and whether its lists can be read."""

from collections.abc import Iterator
from dataclasses import replace

from artbench.data.folders import dataset_folder, made_folder
from artbench.data.opening import open_dataset
from artbench.doctor.examination import Environment
from artbench.errors import ArtbenchError
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.progress import Silent
from artbench.specs import DatasetSpec


def datasets(patient: Environment) -> Iterator[Finding]:
    """Every dataset by its name; no picture is opened, and none is made."""
    root = patient.data_root
    if root is not None and not root.expanduser().is_dir():
        yield failed("--data-root", f"no folder at {root}", mend="Name the folder that holds one folder per dataset")
    specs = {spec.name: spec for _, spec in patient.registry.datasets.specs()}
    for name in patient.placed:
        specs.setdefault(name, patient.registry.datasets.get(name))
    for spec in specs.values():
        yield _dataset(spec, patient)


def _dataset(spec: DatasetSpec, patient: Environment) -> Finding:
    try:
        # Without what makes it: that would take its time.
        folder = dataset_folder(
            replace(spec, prepare=None), data_root=patient.data_root, placed=patient.placed, reporter=Silent()
        )
    except ArtbenchError as error:
        if spec.name in patient.placed:
            return failed(spec.name, error.message.removeprefix(f"{spec.name}: "), mend=error.mend)
        if spec.prepare is None:
            return _absent(spec, patient)
        folder = made_folder(spec)
        if not folder.is_dir():
            return passed(spec.name, "is made when it is first used")
    try:
        count = len(open_dataset(spec, folder))
    except ArtbenchError as error:
        return failed(spec.name, error.message, mend=error.mend)
    if spec.pictures is not None and count < spec.pictures:
        return warned(
            spec.name,
            f"{count:,} of {spec.pictures:,} pictures in {folder}",
            mend=f"`artbench data check {spec.name}` tells what is missing",
        )
    return passed(spec.name, f"{count:,} pictures in {folder}")


def _absent(spec: DatasetSpec, patient: Environment) -> Finding:
    if patient.data_root is None:
        return warned(
            spec.name,
            "nothing says where it lies",
            mend=f"To use it, --data {spec.name}=DIR, or --data-root (ARTBENCH_DATA) with a folder {spec.name} in it; "
            f"`artbench data download {spec.name}` tells where it is from",
        )
    return warned(
        spec.name,
        f"no folder at {patient.data_root / spec.name}",
        mend=f"To use it: `artbench data download {spec.name}` tells where it is from",
    )
