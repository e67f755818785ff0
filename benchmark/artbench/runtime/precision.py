"""In which type of number a network computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

# Products in one sum below which bfloat16 is not used.
_FEW = 32


def choose_dtype(device: str) -> torch.dtype:
    """bfloat16 where the hardware computes in it, else float32.

    On a processor without the instructions (AMX, AVX-512 BF16), bfloat16 is emulated, many times slower than
    float32. So it is where torch is held to older instructions by `ATEN_CPU_CAPABILITY`.
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device == "cpu" and _cpu_capability() == "AVX512" and {"amx_bf16", "avx512_bf16"} & _cpu_flags():
        return torch.bfloat16
    return torch.float32


def choose_feature_dtype(module: torch.nn.Module, *, device: str) -> torch.dtype:
    """bfloat16 where the hardware computes in it and this network bears it, else float32."""
    return choose_dtype(device) if bears_bfloat16(module) else torch.float32


def bears_bfloat16(module: torch.nn.Module) -> bool:
    """Whether features in bfloat16 are close enough to those in float32.

    A bfloat16 has 8 bits of precision. In a sum of hundreds of products the errors of rounding the weights cancel
    out; in the 9 or 25 of a depthwise convolution, whose inputs are neighbours and nearly equal, they add up. So an
    EfficientNet or a MobileNet is computed in float32; it would gain the least, too (`docs/performance.md`).
    """
    convolutions = (part for part in module.modules() if isinstance(part, torch.nn.Conv2d))
    return not any(part.groups > 1 and part.weight[0].numel() < _FEW for part in convolutions)


@contextmanager
def without_tf32() -> Iterator[None]:
    """Let float32 be float32: recent GPUs convolve in TF32 otherwise, which has 10 bits of precision and not 23."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _cpu_capability() -> str:
    """The instructions that torch's own kernels use, such as `AVX2` or `AVX512`."""
    return str(torch.backends.cpu.get_cpu_capability())


def _cpu_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
