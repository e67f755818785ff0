"""The record of one result: encoder, task and protocol, metrics with intervals, and provenance."""

import hashlib
import re
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from artbench.records.encoder_state import EncoderState
from artbench.records.fields import Count, Name, Part, Seconds, Sha256, Version
from artbench.records.format import html_table, measured
from artbench.records.own_probe import OwnProbeState, without_own_probe
from artbench.records.parts import (
    BaselineState,
    DatasetState,
    FewShotState,
    LabelFreeState,
    Metric,
    NeighboursState,
    ProbeState,
    PromptsState,
    ResourcesState,
    RoundState,
)

SCHEMA: Literal[1] = 1
TableName: TypeAlias = Literal["classes", "confusion", "probe"]
# What the Parquet files beside a record end with, after its name.
SUFFIXES = (".parquet", *(f".{name}.parquet" for name in get_args(TableName)))
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")


class FileState(Part):
    """A Parquet file beside the record."""

    sha256: Sha256
    rows: Count


class Timing(Part):
    """Duration of the steps.

    Attributes:
        extract_s: Wall-clock seconds to extract the features that were not cached.
        decode_s: Seconds in which the network waited for images, summed over the computing threads.
        forward_s: Seconds in which the network computed, likewise; both in the first process.
        images_per_s: Images per second of the extraction, from file to feature; None if nothing was extracted.
        probe_s: Wall-clock seconds for fitting and scoring.
        extraction: What the extraction took; None if nothing was extracted, and in records of artbench before 0.3.
        probe: What fitting and scoring took, in the first process; None in records of artbench before 0.3.
    """

    extract_s: Seconds
    decode_s: Seconds | None = None
    forward_s: Seconds | None = None
    images_per_s: Seconds | None
    probe_s: Seconds
    extraction: ResourcesState | None = None
    probe: ResourcesState | None = None


class Provenance(Part):
    """Software and machine.

    Attributes:
        device: `cpu`, `cuda`, `mps`.
        hardware: Model of the device.
        dtype: Data type of the forward pass.
        compiled: Whether the network was compiled.
        decoder: What decoded plain JPEGs: `gpu` gives slightly other pixels.
        plugins: Version of each distribution whose backbone, pretraining, dataset, task, kind of target or metric was
            used.
        seed: Seed of the run.
        created: When the record was written.
    """

    artbench: Name
    torch: Name
    timm: Name
    python: Name
    device: Name
    hardware: Name
    dtype: Name
    compiled: bool = False
    decoder: Literal["cpu", "gpu"] = "cpu"
    plugins: dict[Name, Version]
    seed: Count
    created: AwareDatetime

    @field_validator("created", mode="before")
    @classmethod
    def _from_text(cls, created: object) -> object:
        # Pydantic takes numbers for seconds since 1970, other readers don't.
        if isinstance(created, datetime):
            return created
        if not (isinstance(created, str) and _DATED.match(created)):
            raise ValueError("it is not a date with a time as text")
        return datetime.fromisoformat(created)

    @field_validator("created")
    @classmethod
    def _in_every_zone(cls, created: datetime) -> datetime:
        if not MINYEAR < created.year < MAXYEAR:
            raise ValueError("there is no such time in every time zone")
        return created


class Record(Part):
    """One result, as it is written.

    Attributes:
        probe: What the probe chose; with several rounds, in the first. None if nothing was fitted, or a plugin brought
            the probe.
        own_probe: That one; with several rounds, of the first. Not written where there is none.
        neighbours: Weighted nearest neighbours on the same features; None if nothing was fitted, or a plugin brought
            the probe.
        references: Guesses from the labels and painters of train and validation.
        clusters: Number of painters whose images counted as one, over all rounds; None if each image counted
            by itself.
        rounds: Results of each round; empty if there is one.
        few_shot: Few-shot training; None if all training images were used.
        label_free: What the features of the test images are like; None in records of artbench 0.1.
        prompts: What the task said of its classes in words, if pictures were compared with texts. Not written where
            they were not.
        predictions: The file `.parquet` beside this one: the prediction for every test image.
        tables: The files `.classes.parquet` (precision, recall, F1 and, for multi-label tasks, average precision of
            each class) and `.confusion.parquet` (single-label), over all rounds together; and `.probe.parquet`, the
            weights of the probe (`artbench.records.probe`), which records of artbench 0.1 lack. Years have the last
            alone, rankings none.

    Raises:
        pydantic.ValidationError: A field is missing, unknown or impossible, on reading or writing.
    """

    # `schema` in the file; pydantic reserves that name.
    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    task: Name
    task_version: Annotated[int, Field(ge=1, le=10**15)]
    backbone: Name
    pretraining: Name
    protocol: Name
    protocol_hash: Sha256
    dataset: DatasetState
    primary_metric: Name
    metrics: dict[Name, Metric]
    encoder: EncoderState
    probe: ProbeState | None = None
    own_probe: OwnProbeState | None = None
    neighbours: NeighboursState | None = None
    references: tuple[BaselineState, ...] = ()
    clusters: Count | None = None
    rounds: tuple[RoundState, ...] = ()
    few_shot: FewShotState | None = None
    label_free: LabelFreeState | None = None
    prompts: PromptsState | None = None
    predictions: FileState | None = None
    tables: dict[TableName, FileState] = Field(default_factory=dict)
    timing: Timing
    provenance: Provenance

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_own_probe(write(self))

    @model_validator(mode="after")
    def _primary_is_there(self) -> Self:
        if self.primary_metric not in self.metrics:
            raise ValueError(f"the primary metric {self.primary_metric!r} is not among the metrics")
        return self

    @property
    def primary(self) -> Metric:
        """The metric that ranks."""
        return self.metrics[self.primary_metric]

    @property
    def probes(self) -> list[ProbeState]:
        """What the linear probe chose in each round; empty without one."""
        found = [round_.probe for round_ in self.rounds] or [self.probe]
        return [probe for probe in found if probe is not None]

    @property
    def own_probes(self) -> list[OwnProbeState]:
        """The probe that a plugin brought, in each round; empty without one."""
        found = [round_.own_probe for round_ in self.rounds] or [self.own_probe]
        return [probe for probe in found if probe is not None]

    @property
    def thresholds(self) -> list[Mapping[str, float]]:
        """Probability from which a label counts as predicted, by metric, in each round; empty without a probe."""
        return [probe.thresholds for probe in self.probes] or [probe.thresholds for probe in self.own_probes]

    @property
    def votes(self) -> dict[str, Metric]:
        """Metrics of the nearest neighbours; empty without."""
        return {} if self.neighbours is None else self.neighbours.metrics

    @property
    def board(self) -> tuple[str, int, str, str]:
        """Key that records of one leaderboard share."""
        return self.task, self.task_version, self.protocol_hash, self.dataset.fingerprint

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of what was measured, not of the result: the same run twice has the same id."""
        parts = [*self.board, self.backbone, self.pretraining, self.encoder.weights_sha256]
        if self.encoder.backbone_version > 1:
            parts.append(self.encoder.backbone_version)
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]

    def as_json(self) -> dict[str, Any]:
        """Return the record as it is written."""
        return self.model_dump(mode="json", by_alias=True)

    def __repr__(self) -> str:
        result = measured(self.primary_metric, self.primary)
        return f"Record({task_name(self)}; {encoder_name(self)}; {result})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return a table for notebooks: what was measured, and every metric with its interval."""
        what = {
            "task": task_name(self),
            "backbone": backbone_name(self),
            "pretraining": pretraining_name(self),
            "protocol": self.protocol,
            "images": f"{self.dataset.train:,} train, {self.dataset.test:,} test",
        }
        return html_table(what, self.metrics, primary=self.primary_metric)


def task_name(record: Record) -> str:
    """Return the name of the task, with the common width and the number of shots if there are."""
    shots = None if record.few_shot is None else record.few_shot.shots
    return task_under(record.task, width=common_width(record.protocol), shots=shots)


def common_width(protocol: str) -> int | None:
    """Return the number of components that a protocol reduces features to; None if it uses all."""
    width = re.search(r"-width-(\d{1,6})(-|$)", protocol)
    return None if width is None else int(width[1])


def task_under(task: str, *, width: int | None, shots: int | None) -> str:
    """Return the name of a task under a protocol with a common width or a number of shots."""
    parts = {"width": width, "shots": shots}
    return ", ".join([task, *(f"{what} {number}" for what, number in parts.items() if number is not None)])


def dataset_name(data: DatasetState) -> str:
    """Return the name of a dataset, marked if it is a partial copy."""
    return data.name + (" (a partial copy)" if data.partial else "")


def encoder_name(record: Record) -> str:
    """Return backbone and pretraining in one phrase."""
    return f"{backbone_name(record)}, {pretraining_name(record)}"


def backbone_name(record: Record) -> str:
    """Return the name of the backbone, with its version if that is another than 1."""
    version = record.encoder.backbone_version
    return record.backbone if version == 1 else f"{record.backbone} (version {version})"


def pretraining_name(record: Record) -> str:
    """Return the pretraining, with the digest of a checkpoint, or a seed other than 0."""
    if record.encoder.checkpoint_sha256:
        return f"{record.pretraining} ({record.encoder.checkpoint_sha256[:8]})"
    return f"{record.pretraining} (seed {record.provenance.seed})" if record.provenance.seed else record.pretraining
