"""What weights were trained on, and what is known of a dataset's images among it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from pydantic import ValidationError

from artbench.records.encoder_state import Knowledge, SeenState

_ORDER = ("clean", "unknown", "contaminated")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The images that weights were trained on, as far as they are published.

    `clean` means that the publication says where its images come from, that no museum or site of the dataset is among
    the sources, and that it did not look for what the dataset holds. It says nothing about single images, which only a
    search through them could.

    Attributes:
        name: `LAION-2B`; `not stated` if nothing is published.
        state: Whether a dataset's test images were among it: `clean`, `unknown` or `contaminated`; for any dataset
            that is not in `datasets`.
        evidence: How that is known, as a short text or an address.
        datasets: State and evidence for single datasets, by the dataset's name.

    Raises:
        ValueError: A state is none of the three, or a text is empty, longer than 300 characters or not one line.

    Examples:
        >>> from artbench.encoders import Corpus
        >>> corpus = Corpus(
        ...     name="all of WikiArt",
        ...     state="unknown",
        ...     evidence="the author's notes",
        ...     datasets={"wikiart": ("contaminated", "trained on its train and test lists")},
        ... )
        >>> corpus.seen("wikiart").state, corpus.seen("imet-2020").state
        ('contaminated', 'unknown')
    """

    name: str
    state: Knowledge = "unknown"
    evidence: str
    datasets: Mapping[str, tuple[Knowledge, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for dataset in ("", *self.datasets):
            self.seen(dataset)

    def seen(self, dataset: str) -> SeenState:
        """What is known of the images of a dataset, as it goes on record."""
        state, evidence = self.datasets.get(dataset, (self.state, self.evidence))
        try:
            return SeenState(corpus=self.name, state=state, evidence=evidence)
        except ValidationError as error:
            raise ValueError(
                f"the corpus {self.name!r} needs a state of {', '.join(get_args(Knowledge))} and texts of one line, "
                f"not {state!r} and {evidence!r}"
            ) from error


def joined_corpora(corpora: Sequence[Corpus]) -> Corpus:
    """One corpus for weights that were trained on several, one after the other: the worst of them counts.

    Args:
        corpora: At least one; of those that are equally bad for a dataset, the first gives the evidence.
    """

    def worst(dataset: str) -> tuple[Knowledge, str]:
        seen = max((corpus.seen(dataset) for corpus in corpora), key=lambda one: _ORDER.index(one.state))
        return seen.state, seen.evidence

    state, evidence = worst("")
    names = dict.fromkeys(dataset for corpus in corpora for dataset in corpus.datasets)
    return Corpus(
        name=" + ".join(dict.fromkeys(corpus.name for corpus in corpora)),
        state=state,
        evidence=evidence,
        datasets={name: worst(name) for name in names},
    )
