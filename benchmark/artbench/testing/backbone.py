"""`check_backbone`: does a backbone keep the contract?"""

from collections.abc import Sequence

from artbench.specs import BackboneSpec
from artbench.testing.backbone_features import FEATURE_CHECKS
from artbench.testing.backbone_weights import WEIGHT_CHECKS
from artbench.testing.built_backbone import make_built
from artbench.testing.checks import examined
from artbench.testing.finding import Finding, demand
from artbench.testing.lookup import PathLike, registered


def check_backbone(spec: BackboneSpec | str, *, plugins: Sequence[PathLike] = ()) -> None:
    """Build a backbone and put it to every check.

    Args:
        spec: The backbone, or its name among what plugins register.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No backbone is called that.
    """
    if isinstance(spec, str):
        spec = registered(plugins).backbones.get(spec)
    demand(f"backbone {spec.name}", examine_backbone(spec))


def examine_backbone(spec: BackboneSpec) -> list[Finding]:
    """All findings about a backbone, those that pass among them."""
    return examined(lambda: make_built(spec), [*FEATURE_CHECKS, *WEIGHT_CHECKS])
