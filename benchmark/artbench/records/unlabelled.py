"""The result of an encoder on images without labels."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from artbench.records.fields import Count, Name, Part, Sha256
from artbench.records.parts import LabelFreeState
from artbench.records.record import Provenance
from artbench.runtime.text import counted


class DuplicatesState(Part):
    """Near-duplicates that an audit found by bytes and hashes.

    Attributes:
        pairs: Pairs that count as one image.
        to_check: Pairs that are alike, to be checked by eye.
    """

    pairs: Count
    to_check: Count


class UnlabelledResult(Part):
    """What an encoder says of images without labels, as it is written to `label-free.json`.

    Attributes:
        dataset: Name of the dataset.
        fingerprint: Digest of the contents of its images (`Dataset.fingerprint_of`).
        images: Number of its images, without those that were excluded.
        unreadable: Number of these that could not be decoded.
        backbone: Backbone of the encoder.
        pretraining: Its pretraining, or the name of a checkpoint.
        weights_sha256: Digest of its weights.
        source: Source of its weights.
        input_size: Side of the crop in pixels.
        label_free: Figures of the features of all images that could be read.
        duplicates: Near-duplicates among the images.
        folder: The folder of this result, relative to the results folder.
        duplicates_folder: The folder of the audit's report, likewise.
        mapped: Whether there is a map in `folder`: there is none of fewer than four images.
        provenance: Software and machine.

    Raises:
        pydantic.ValidationError: A field is missing, unknown or impossible.
    """

    # `schema` in the file; pydantic reserves that name.
    schema_: Literal[1] = Field(default=1, alias="schema")
    dataset: Name
    fingerprint: Sha256
    images: Count
    unreadable: Count
    backbone: Name
    pretraining: Name
    weights_sha256: Sha256
    source: Name
    input_size: Count
    label_free: LabelFreeState
    duplicates: DuplicatesState
    folder: Annotated[str, StringConstraints(pattern=r"^unlabelled/[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+$")]
    duplicates_folder: Annotated[str, StringConstraints(pattern=r"^unlabelled/[A-Za-z0-9_.+-]+/duplicates$")]
    mapped: bool
    provenance: Provenance

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def as_json(self) -> dict[str, Any]:
        """Return the result as it is written."""
        return self.model_dump(mode="json", by_alias=True)

    def sentences(self) -> list[str]:
        """Return what was found, a line each, without full stops."""
        found, pairs = self.label_free, self.duplicates
        dimension = "" if found.intrinsic_dimension is None else f", TwoNN dimension {found.intrinsic_dimension:.1f}"
        broken = f", {self.unreadable:,} of them unreadable" if self.unreadable else ""
        part = "" if found.images == found.of else f" of {found.of:,}"
        images = "image" if found.of == 1 else "images"
        return [
            f"RankMe {found.rankme:.1f}, effective rank {found.effective_rank:.1f}{dimension} "
            f"({found.images:,}{part} {images} x {counted(found.dimensions, 'feature')})",
            f"{counted(pairs.pairs, 'pair')} of near-duplicates and {pairs.to_check:,} to check by eye, among "
            f"{counted(self.images, 'image')}{broken}",
        ]

    def __repr__(self) -> str:
        return f"UnlabelledResult({self.dataset}; {self.backbone}, {self.pretraining}; {self.sentences()[0]})"

    __str__ = __repr__
