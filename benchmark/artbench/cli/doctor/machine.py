"""Processors and GPUs, whether they are fast at bfloat16, and the settings of threads."""

import os
import platform
import shutil
from collections.abc import Iterator

import torch

from artbench.cli.doctor.examination import Environment
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.machine import choose_device, choose_dtype, hardware_name
from artbench.runtime.threads import usable_cores

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def devices(_: Environment) -> Iterator[Finding]:
    """Examine the processor, CUDA, MPS, and what `--device auto` takes."""
    cores = usable_cores()
    yield passed("CPU", f"{hardware_name('cpu')}, of which artbench uses {cores}; {_bfloat16('cpu')}")
    yield _cuda()
    if torch.backends.mps.is_available():
        yield passed("MPS", f"available; {_bfloat16('mps')}")
    elif platform.system() == "Darwin":
        yield passed("MPS", "not available: macOS or this Mac is too old for it, or torch is built without it")
    yield passed("--device auto", f"takes {choose_device('auto')}")


def _cuda() -> Finding:
    if torch.cuda.is_available():
        try:
            free, total = torch.cuda.mem_get_info()
            torch.ones(8, 8, device="cuda").square().sum().item()
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            return failed(
                "CUDA",
                f"{hardware_name('cuda')} does not compute ({reason})",
                mend="Another process may use all of it (see nvidia-smi), or this build of torch does not support it",
            )
        count = torch.cuda.device_count()
        memory = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        many = f"the first of {count}, " if count > 1 else ""
        return passed("CUDA", f"{hardware_name('cuda')}, {many}{memory}; {_bfloat16('cuda')}")
    if shutil.which("nvidia-smi") is None:
        return passed("CUDA", "no NVIDIA GPU here")
    if torch.version.cuda is None:
        message = f"there is an NVIDIA driver, but torch {torch.__version__} is built for the CPU only"
        return warned("CUDA", message, mend="Install torch and torchvision for CUDA, if there is a GPU")
    message = f"there is an NVIDIA driver, but torch (for CUDA {torch.version.cuda}) finds no GPU"
    mend = "Check whether nvidia-smi shows one, CUDA_VISIBLE_DEVICES hides it, or the driver is too old"
    return warned("CUDA", message, mend=mend)


def _bfloat16(device: str) -> str:
    if choose_dtype(device) == torch.bfloat16:
        return "bfloat16 is fast"
    return "bfloat16 would be emulated, so features are computed in float32"


def threads(_: Environment) -> Iterator[Finding]:
    """Examine the libraries that torch computes with, and the settings of their threads."""
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
    yield passed("threads", f"torch uses {torch.get_num_threads()}, on {cores} cores")


def _setting(variable: str, value: str, cores: int) -> Finding:
    # One number for each level of nesting.
    first = value.partition(",")[0].strip()
    if not first.isdecimal() or int(first) < 1:
        return warned(variable, f"is {value!r}, which is not a number of threads", mend=f"unset {variable}")
    if int(first) > cores:
        message = f"is {value}, more than the {cores} cores: threads wait for each other"
        return warned(variable, message, mend=f"unset {variable}")
    if int(first) < cores:
        message = f"is {value}, fewer than the {cores} cores: probes are fitted more slowly"
        return warned(variable, message, mend=f"unset {variable}, unless others need the cores")
    return passed(variable, f"is {value}")
