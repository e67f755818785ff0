"""Encoders on images without labels: their features, and figures of them."""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.exclusion import Exclusions
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest, Training, by_network, encoder_requests
from artbench.errors import ArtbenchError
from artbench.evaluation.label_free import of_images
from artbench.evaluation.request import RunRequest
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.records.parts import LabelFreeState
from artbench.records.record import Provenance
from artbench.runtime.distributed import current_group
from artbench.runtime.machine import choose_device, hardware_name
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class Described:
    """An encoder on images without labels.

    Attributes:
        candidate: Request for the encoder.
        encoder: The encoder.
        features: Features of the images.
        rows: Rows of the images that could be read, ascending.
        device: Device that the features were computed on.
        seed: Seed of the run.
    """

    candidate: EncoderRequest
    encoder: Encoder
    features: Features
    rows: NDArray[np.int64]
    device: str
    seed: int

    def figures(self, dataset: Dataset) -> LabelFreeState:
        """Compute the label-free figures of the images."""
        return of_images(dataset, self.features, self.rows)

    def provenance(self, plugins: Mapping[str, str]) -> Provenance:
        """Return software and machine, with the plugins of the dataset."""
        return Provenance(
            artbench=metadata.version("artbench"),
            torch=torch.__version__,
            timm=metadata.version("timm"),
            python=platform.python_version(),
            device=self.device,
            hardware=hardware_name(self.device),
            dtype=self.features.dtype,
            compiled=self.features.compiled,
            decoder=self.features.decoder,
            plugins={**self.candidate.plugins, **plugins},
            seed=self.seed,
            created=datetime.now(UTC).replace(microsecond=0),
        )


def rows_without(dataset: Dataset, exclusions: Exclusions) -> NDArray[np.int64]:
    """Return the rows of all images but those that the user's list names, on whichever side.

    Raises:
        ArtbenchError: None is left.
    """
    sides = [images for (name, _), images in exclusions.images.items() if name == dataset.name]
    out = frozenset[str]().union(*sides)
    rows = np.array([row for row, id_ in enumerate(dataset.ids) if id_ not in out], np.int64)
    if not len(rows):
        raise ArtbenchError(f"{dataset.name}: no image is left", mend="Check the list given with --exclude")
    return rows


def encode_unlabelled(
    request: RunRequest,
    dataset: Dataset,
    rows: NDArray[np.int64],
    *,
    registry: Registry,
    trainings: Callable[[str, str], Training] | None,
    failures: dict[str, str],
    reporter: Reporter,
) -> Iterator[Described]:
    """Extract the features of images without labels with every encoder of a request, all variants in one pass.

    Why an encoder failed is told, and put into `failures` by its name. Under `torchrun` every process makes the same
    call.

    Raises:
        UsageError: A name is unknown, or a range is empty or too long.
    """
    device = choose_device(request.device)
    wanted = encoder_requests(
        request.swept,
        request.pretrainings,
        registry=registry,
        seed=request.seed,
        normalisation=request.normalisation,
        trainings=trainings,
    )
    for variants in by_network(wanted):
        try:
            found = _encode(request, variants, dataset, rows, device=device, reporter=reporter)
        except ArtbenchError as error:
            for candidate in variants:
                failures[str(candidate)] = str(error)
                reporter.notice(f"{candidate}: {error}")
            continue
        yield from found


def _encode(
    request: RunRequest,
    variants: Sequence[EncoderRequest],
    dataset: Dataset,
    rows: NDArray[np.int64],
    *,
    device: str,
    reporter: Reporter,
) -> list[Described]:
    build = partial(variants[0].build, reporter, device=device, workers=request.workers)
    network = current_group().together(build)
    encoders = [network.at(one.backbone) for one in variants]
    found = extract(
        encoders,
        dataset,
        rows,
        device=device,
        **request.extracting,
        reporter=reporter,
    )
    described = []
    for candidate, encoder, features in zip(variants, encoders, found, strict=True):
        there = rows[~np.isin(rows, list(features.unreadable))]
        if not len(there):
            raise ArtbenchError(f"none of the {len(rows):,} images of {dataset.name} can be read")
        described.append(
            Described(
                candidate=candidate,
                encoder=encoder,
                features=features,
                rows=there,
                device=device,
                seed=request.seed,
            )
        )
    return described
