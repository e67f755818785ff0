"""The methods, each with its settings and objective."""

from artbench.pretrain import Method
from artbench_ssl.byol import Prediction
from artbench_ssl.dino import SelfDistillation
from artbench_ssl.dino_settings import DinoSettings
from artbench_ssl.settings import ByolSettings, SimclrSettings
from artbench_ssl.simclr import BatchContrast


def simclr() -> Method:
    """SimCLR."""
    return Method(settings=SimclrSettings, build=BatchContrast, version=2)


def byol() -> Method:
    """BYOL."""
    return Method(settings=ByolSettings, build=Prediction, version=2)


def dino() -> Method:
    """DINO."""
    return Method(settings=DinoSettings, build=SelfDistillation, version=2)
