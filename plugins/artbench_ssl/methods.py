"""The methods, each with its settings and objective."""

from artbench.pretrain import Method
from artbench_ssl.byol import Prediction
from artbench_ssl.settings import ByolSettings, SimclrSettings
from artbench_ssl.simclr import BatchContrast


def simclr() -> Method:
    """SimCLR."""
    return Method(settings=SimclrSettings, build=BatchContrast)


def byol() -> Method:
    """BYOL."""
    return Method(settings=ByolSettings, build=Prediction)
