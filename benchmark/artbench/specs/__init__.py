"""Specs that plugins register: small frozen descriptions, whose factories are imported only when used.

A factory is a callable or, better, the text `package.module:function`, which keeps the plugin's own import light.
"""

from artbench.specs.backbones import BackboneSpec
from artbench.specs.datasets import DatasetSpec
from artbench.specs.factories import Factory, load_factory
from artbench.specs.families import Family, Particulars, Spec, SpecT
from artbench.specs.metrics import UNIT_PATTERN, MetricSpec, Statistic
from artbench.specs.pretrainings import INITIALISATION, PretrainingSpec
from artbench.specs.prompts import Prompts
from artbench.specs.protocols import FeatureForm, ProtocolSpec
from artbench.specs.targets import AnswerForm, TargetKind, TargetSpec
from artbench.specs.tasks import Published, PublishedResult, TaskSpec
from artbench.specs.variants import POOLS, Pool, Variant

__all__ = [
    "INITIALISATION",
    "POOLS",
    "UNIT_PATTERN",
    "AnswerForm",
    "BackboneSpec",
    "DatasetSpec",
    "Factory",
    "Family",
    "FeatureForm",
    "MetricSpec",
    "Particulars",
    "Pool",
    "PretrainingSpec",
    "Prompts",
    "ProtocolSpec",
    "Published",
    "PublishedResult",
    "Spec",
    "SpecT",
    "Statistic",
    "TargetKind",
    "TargetSpec",
    "TaskSpec",
    "Variant",
    "load_factory",
]
