"""The methods, each with its settings and objective."""

from artbench.pretrain import Method
from artbench_moco.queued import QueuedContrast
from artbench_moco.settings import FirstSettings, QueueSettings, SmallSettings, ThirdSettings, TransformerSettings
from artbench_moco.symmetric import SymmetricContrast


def moco_v1() -> Method:
    """MoCo v1."""
    return Method(settings=FirstSettings, build=QueuedContrast, version=2)


def moco_v2() -> Method:
    """MoCo v2."""
    return Method(settings=QueueSettings, build=QueuedContrast)


def moco_v2_small() -> Method:
    """MoCo v2 with settings for small collections."""
    return Method(settings=SmallSettings, build=QueuedContrast)


def moco_v3() -> Method:
    """MoCo v3 with its settings for ResNets."""
    return Method(settings=ThirdSettings, build=SymmetricContrast, version=2)


def moco_v3_vit() -> Method:
    """MoCo v3 with its settings for vision transformers."""
    return Method(settings=TransformerSettings, build=SymmetricContrast, version=2)
