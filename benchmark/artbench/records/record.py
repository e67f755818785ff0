"""One result: encoder x task x protocol, with its uncertainty and where it came from."""

import hashlib
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from artbench.records.format import amount, html_table, metric_name, unit
from artbench.records.parts import (
    BaselineState,
    Count,
    DatasetState,
    EncoderState,
    FewShotState,
    Metric,
    Name,
    NeighboursState,
    Part,
    ProbeState,
    RoundState,
    Seconds,
    Sha256,
)

SCHEMA: Literal[1] = 1
TableName: TypeAlias = Literal["classes", "confusion"]


class FileState(Part):
    """A Parquet file beside the record."""

    sha256: Sha256
    rows: Count


class Timing(Part):
    """How long it took.

    Attributes:
        extract_s: Seconds of wall clock to extract the features that this run lacked.
        decode_s: Seconds of it in which the network waited for images, summed over the threads that compute.
        forward_s: Seconds of it in which the network computed, likewise; both as the first process saw them.
        images_per_s: Images a second of the extraction, from file to feature; None if nothing was extracted.
        probe_s: Seconds of wall clock for fitting and scoring.
    """

    extract_s: Seconds
    decode_s: Seconds | None = None
    forward_s: Seconds | None = None
    images_per_s: Seconds | None
    probe_s: Seconds


class Provenance(Part):
    """The software and the machine.

    Attributes:
        device: `cpu`, `cuda`, `mps`.
        hardware: Model of the device.
        dtype: Of the forward pass.
        compiled: Whether the network was compiled for it.
        plugins: Version of each distribution whose backbone, pretraining, dataset or task took part.
        seed: Of the run.
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
    plugins: dict[Name, str]
    seed: Count
    created: AwareDatetime


class Record(Part):
    """One result, as it is written.

    Attributes:
        probe: What the probe chose; with several rounds, in the first of them.
        neighbours: The weighted nearest neighbours on the same features.
        references: Guesses from the labels and painters of all of train and validation.
        clusters: The number of painters whose images were resampled together, over all rounds; None where every
            image was by itself.
        rounds: What became of each round; none where there is one.
        few_shot: How few images of each class were fitted on; None: all of train.
        predictions: The file `.parquet` beside this one: the prediction for every test image.
        tables: The files `.classes.parquet` (precision, recall, F1 and, for multi-label tasks, average precision of
            each class) and `.confusion.parquet` (single-label), over all rounds together.

    Raises:
        pydantic.ValidationError: On the way in and on the way out, where a field is missing, unknown or impossible.
    """

    # Named `schema` in the file; pydantic keeps that name for itself.
    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    task: Name
    task_version: Annotated[int, Field(ge=1)]
    backbone: Name
    pretraining: Name
    protocol: Name
    protocol_hash: Sha256
    dataset: DatasetState
    primary_metric: Name
    metrics: dict[Name, Metric]
    encoder: EncoderState
    probe: ProbeState
    neighbours: NeighboursState
    references: tuple[BaselineState, ...] = ()
    clusters: Count | None = None
    rounds: tuple[RoundState, ...] = ()
    few_shot: FewShotState | None = None
    predictions: FileState | None = None
    tables: dict[TableName, FileState] = Field(default_factory=dict)
    timing: Timing
    provenance: Provenance

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

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
    def board(self) -> tuple[str, int, str, str]:
        """What two records must share to share a leaderboard."""
        return self.task, self.task_version, self.protocol_hash, self.dataset.fingerprint

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of what was measured, not of what came out: the same run twice has the same id."""
        parts = (*self.board, self.backbone, self.pretraining, self.encoder.weights_sha256)
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]

    def as_json(self) -> dict[str, Any]:
        """The record as it is written."""
        return self.model_dump(mode="json", by_alias=True)

    def __repr__(self) -> str:
        result = f"{metric_name(self.primary_metric)} {amount(self.primary)} {unit(self.primary)}"
        return f"Record({task_name(self)}; {encoder_name(self)}; {result})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """The record in a notebook: what was measured, and every metric with its interval."""
        what = {
            "task": task_name(self),
            "backbone": self.backbone,
            "pretraining": pretraining_name(self),
            "protocol": self.protocol,
            "images": f"{self.dataset.train:,} train, {self.dataset.test:,} test",
        }
        return html_table(what, self.metrics, primary=self.primary_metric)


def task_name(record: Record) -> str:
    """The task, and from how few images of each class."""
    return record.task if record.few_shot is None else f"{record.task}, shots {record.few_shot.shots}"


def encoder_name(record: Record) -> str:
    """Backbone and pretraining in one phrase."""
    return f"{record.backbone}, {pretraining_name(record)}"


def pretraining_name(record: Record) -> str:
    """The pretraining, with what tells apart two of one name: the digest of a checkpoint, or a seed other than 0."""
    if record.encoder.checkpoint_sha256:
        return f"{record.pretraining} ({record.encoder.checkpoint_sha256[:8]})"
    return f"{record.pretraining} (seed {record.provenance.seed})" if record.provenance.seed else record.pretraining
