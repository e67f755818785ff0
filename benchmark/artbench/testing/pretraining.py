"""`check_pretraining`: does a pretraining keep the contract?"""

from collections.abc import Mapping, Sequence
from typing import Any

from artbench.data.dataset import Dataset
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing.checks import examined
from artbench.testing.finding import Finding, demand
from artbench.testing.given import make_given
from artbench.testing.lookup import PathLike, registered
from artbench.testing.method import trained
from artbench.testing.method_checks import METHOD_CHECKS
from artbench.testing.tiny import BACKBONE
from artbench.testing.weights_checks import WEIGHTS_CHECKS


def check_pretraining(
    spec: PretrainingSpec | str,
    *,
    backbone: BackboneSpec | str | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Sequence[PathLike] = (),
) -> None:
    """Give a backbone its weights, or train one for a few steps, and put what comes out to every check.

    Args:
        spec: The pretraining, or its name among what plugins register.
        backbone: The backbone, or its name; None: a network of a few thousand parameters. One that the pretraining has
            weights for.
        pictures: To train on; None: 36 small ones, painted for it.
        settings: Of a method that trains, beside the few steps on small crops that the checks set.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No pretraining or backbone is called that.
        ArtbenchError: The pretraining has no weights for the backbone, so that nothing could be checked.
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.pretrainings.get(spec)
    if isinstance(backbone, str):
        backbone = registry.backbones.get(backbone)
    found = examine_pretraining(spec, backbone=backbone, pictures=pictures, settings=settings)
    demand(f"pretraining {spec.name}", found)


def examine_pretraining(
    spec: PretrainingSpec,
    *,
    backbone: BackboneSpec | None = None,
    pictures: Dataset | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """All findings about a pretraining, those that pass among them.

    Args:
        spec: The pretraining.
        backbone: See `check_pretraining`.
        pictures: See `check_pretraining`.
        settings: See `check_pretraining`.

    Raises:
        ArtbenchError: The pretraining has no weights for the backbone.
    """
    network = backbone or BACKBONE
    if spec.method is None:
        return examined(lambda: make_given(spec, network), WEIGHTS_CHECKS)
    with trained(spec, network, pictures, settings or {}) as make:
        return examined(make, METHOD_CHECKS)
