"""bfloat16 where the hardware computes in it, and where features bear it."""

from pathlib import Path

import pytest
import timm
import torch

from artbench.runtime import machine
from artbench.runtime.machine import choose_dtype, choose_feature_dtype, without_tf32


@pytest.mark.parametrize(
    ("flags", "capability", "dtype"),
    [
        ({"avx2", "avx512f"}, "AVX512", torch.float32),
        ({"avx2", "avx512_bf16"}, "AVX512", torch.bfloat16),
        ({"avx2", "avx512_bf16"}, "AVX2", torch.float32),
    ],
)
def test_bfloat16_only_where_the_processor_has_it_and_torch_uses_it(
    flags: set[str], capability: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_cpu_flags", lambda: flags)
    monkeypatch.setattr(machine, "_cpu_capability", lambda: capability)
    assert choose_dtype("cpu") == dtype


@pytest.mark.parametrize(
    ("backbone", "dtype"),
    [
        ("resnet50", torch.bfloat16),
        ("resnext50_32x4d", torch.bfloat16),
        ("vit_tiny_patch16_224", torch.bfloat16),
        ("tf_efficientnet_lite0", torch.float32),
        ("mobilenetv3_small_050", torch.float32),
    ],
)
def test_networks_of_short_sums_are_computed_in_float32(
    backbone: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_cpu_flags", lambda: {"amx_bf16"})
    monkeypatch.setattr(machine, "_cpu_capability", lambda: "AVX512")
    with torch.device("meta"):
        module = timm.create_model(backbone, num_classes=0)
    assert choose_feature_dtype(module, device="cpu") == dtype


def test_this_processor_is_asked() -> None:
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    has = "amx_bf16" in flags or "avx512_bf16" in flags
    uses = torch.backends.cpu.get_cpu_capability() == "AVX512"
    assert choose_dtype("cpu") == (torch.bfloat16 if has and uses else torch.float32)


def test_float32_is_float32_only_while_it_matters() -> None:
    before = torch.backends.cudnn.allow_tf32
    with without_tf32():
        assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.allow_tf32 == before
