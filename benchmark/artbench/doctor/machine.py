"""What computes: processors, graphics cards, and whether they are fast at bfloat16."""

import platform
import shutil
from collections.abc import Iterator

import torch

from artbench.doctor.examination import Patient
from artbench.runtime.cores import usable_cores
from artbench.runtime.findings import Finding, failed, passed, warned
from artbench.runtime.machine import choose_device, hardware_name
from artbench.runtime.precision import choose_dtype


def devices(_: Patient) -> Iterator[Finding]:
    """The processor, CUDA, MPS, and what `--device auto` takes."""
    cores = usable_cores()
    yield passed("CPU", f"{hardware_name('cpu')}, of which artbench uses {cores}; {_bfloat16('cpu')}")
    yield _cuda()
    if platform.system() == "Darwin":
        yield _mps()
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
                mend="Another process may use it up (see nvidia-smi), or this build of torch does not fit it",
            )
        count = torch.cuda.device_count()
        memory = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        many = f"the first of {count}, " if count > 1 else ""
        return passed("CUDA", f"{hardware_name('cuda')}, {many}{memory}; {_bfloat16('cuda')}")
    if shutil.which("nvidia-smi") is None:
        return passed("CUDA", "no NVIDIA GPU here")
    if torch.version.cuda is None:
        return warned(
            "CUDA",
            f"there is an NVIDIA driver, but torch {torch.__version__} is built for the CPU alone",
            mend="Install torch and torchvision for CUDA, if there is a GPU",
        )
    return warned(
        "CUDA",
        f"there is an NVIDIA driver, but torch (for CUDA {torch.version.cuda}) finds no GPU",
        mend="See whether nvidia-smi shows one, CUDA_VISIBLE_DEVICES hides it, or the driver is too old",
    )


def _mps() -> Finding:
    if torch.backends.mps.is_available():
        return passed("MPS", f"there; {_bfloat16('mps')}")
    return passed("MPS", "not there: macOS or this Mac is too old for it, or torch is built without")


def _bfloat16(device: str) -> str:
    if choose_dtype(device) == torch.bfloat16:
        return "bfloat16 is fast"
    return "bfloat16 would be emulated, so features are computed in float32"
