"""Options of `artbench explore`."""

from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.exclusion import NOTHING, Exclusions, read_exclusions
from artbench.encoders.checkpoint_path import check_pretraining
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.map.request import Method, check_method
from artbench.explain.sources import Sources, named_plugins, pretraining_of, task_of
from artbench.plugins.registry import Registry
from artbench.records.folder import read_record
from artbench.records.record import Record
from artbench.runtime.files import file_errors


@dataclass(frozen=True, kw_only=True)
class ExploreRequest:
    """What to explore: the options of `artbench explore`.

    Attributes:
        dataset: Name of the dataset, such as `collection:DIR`; None if a record is given.
        record: File of a record whose dataset is explored with its encoder; None if a dataset is given.
        backbone: Name of the backbone; None: the record's, or the best whose weights are here.
        pretraining: Name of its pretraining, or path of a checkpoint; None: that which belongs to the backbone.
        out: The page to write; None: none is written, since the pictures are served.
        method: Method of the layout; None: UMAP where it is installed, else principal components.
        clusters: Number of clusters; None: as many as suit the number of pictures.
        pictures: Most pictures to explore, drawn by the seed; None: all.
        seed: Seed of the draw, of UMAP, of the clusters and of random weights.
        sources: Where datasets and a record's checkpoint are, the list of images to leave out, and the device.
    """

    dataset: str | None = None
    record: Path | None = None
    backbone: str | None = None
    pretraining: str | None = None
    out: Path | None = Path("explore.html")
    method: Method | None = None
    clusters: int | None = None
    pictures: int | None = None
    seed: int = 0
    sources: Sources = field(default_factory=Sources)

    def check(self, registry: Registry) -> "CheckedRequest":
        """Check all that needs no torch.

        Raises:
            UsageError: A name is unknown, nothing says where something lies, not exactly one of `dataset` and `record`
                is given, or UMAP was asked for and is not installed.
            ArtbenchError: The record or the list of images to leave out can't be read, or the page can't be written.
        """
        if (self.dataset is None) == (self.record is None):
            raise UsageError("either a dataset or a record is explored", mend="Name one of them")
        check_method(self.method)
        if self.out is not None:
            _check_file(self.out)
        for name in self.sources.paths.by_name:
            registry.datasets.get(name)
        exclusions = NOTHING if self.sources.exclude is None else read_exclusions(self.sources.exclude)
        if self.record is not None:
            return self._of_record(self.record, exclusions, registry)
        assert self.dataset is not None
        self.sources.paths.given_folder(registry.datasets.get(self.dataset))
        if self.pretraining is not None:
            if self.backbone is None:
                raise UsageError("weights belong to a network", mend="Name it with --backbone")
            check_pretraining(self.pretraining, registry)
        return CheckedRequest(
            dataset=self.dataset, backbone=self.backbone, pretraining=self.pretraining, exclusions=exclusions
        )

    def _of_record(self, file: Path, exclusions: Exclusions, registry: Registry) -> "CheckedRequest":
        if self.backbone is not None:
            raise UsageError("a record has its own encoder", mend="Leave --backbone out, or name the dataset")
        record = read_record(file)
        with named_plugins(record, registry):
            pretraining = pretraining_of(record, self.sources, registry=registry)
            dataset = task_of(record, self.sources, registry=registry).dataset
        self.sources.paths.given_folder(registry.datasets.get(dataset))
        return CheckedRequest(
            dataset=dataset, backbone=record.backbone, pretraining=pretraining, exclusions=exclusions, record=record
        )


@dataclass(frozen=True, kw_only=True)
class CheckedRequest:
    """What a request names, checked without torch.

    Attributes:
        dataset: Name of the dataset.
        backbone: Name of the backbone; None: the best whose weights are here.
        pretraining: Name of its pretraining, or path of a checkpoint; None: that which belongs to the backbone.
        exclusions: Images to leave out.
        record: The record, if one is explored.
    """

    dataset: str
    backbone: str | None
    pretraining: str | None
    exclusions: Exclusions
    record: Record | None = None


def _check_file(file: Path) -> None:
    if file.is_dir():
        raise ArtbenchError(f"{file} is a folder", mend="Name a file, such as explore.html")
    with file_errors(f"{file} can't be written", mend="Name another file with --out"):
        file.absolute().parent.mkdir(parents=True, exist_ok=True)
