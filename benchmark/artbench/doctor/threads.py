"""How torch is built for the processor, and how many threads it may use."""

import os
from collections.abc import Iterator

import torch

from artbench.doctor.examination import Patient
from artbench.runtime.cores import usable_cores
from artbench.runtime.findings import Finding, passed, warned

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def threads(_: Patient) -> Iterator[Finding]:
    """The libraries behind torch's convolutions and products, and the settings of their threads."""
    there = {"oneDNN": torch.backends.mkldnn.is_available(), "MKL": torch.backends.mkl.is_available()}  # type: ignore[no-untyped-call]
    libraries = [name for name, is_there in there.items() if is_there]
    build = f"built with {' and '.join(libraries)}" if libraries else "built with neither oneDNN nor MKL"
    if there["oneDNN"]:
        yield passed("torch build", build)
    else:
        yield warned("torch build", build, mend="For fast convolutions, install torch's own packages")
    cores = usable_cores()
    for variable in _VARIABLES:
        value = os.environ.get(variable)
        if value is not None:
            yield _setting(variable, value, cores)
    yield passed("threads", f"{torch.get_num_threads()} of torch, on {cores} cores")


def _setting(variable: str, value: str, cores: int) -> Finding:
    # One number for each level of nesting.
    first = value.partition(",")[0].strip()
    if not first.isdecimal() or int(first) < 1:
        return warned(variable, f"is {value!r}, which is not a number of threads", mend=f"unset {variable}")
    if int(first) > cores:
        return warned(
            variable, f"is {value}, more than the {cores} cores: threads wait for each other", mend=f"unset {variable}"
        )
    if int(first) < cores:
        return warned(
            variable,
            f"is {value}, fewer than the {cores} cores: probes are fitted more slowly",
            mend=f"unset {variable}, unless others need the cores",
        )
    return passed(variable, f"is {value}")
