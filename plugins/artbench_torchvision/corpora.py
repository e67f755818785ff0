"""What torchvision's published weights were trained on, by the names of its entries.

docs/corpora.md says where each statement comes from.
"""

from artbench.encoders import Corpus
from artbench.encoders.corpus import joined_corpora
from artbench.records.encoder_state import Knowledge

_PAINTINGS = ("wikiart", "wikiart-huggan", "wikiart-csd", "artbench10")
_NO_PAINTINGS: tuple[Knowledge, str] = (
    "clean",
    "Flickr and web search for 1,000 categories, no paintings among them (Russakovsky et al. 2015)",
)
_DRAWN: tuple[Knowledge, str] = ("clean", "its images are drawn by code, and were first published with artbench 0.1")

IMAGENET_1K = Corpus(
    name="ImageNet-1k",
    state="unknown",
    evidence="Flickr and web search for 1,000 categories, some of them objects that museums hold "
    "(Russakovsky et al. 2015)",
    datasets=dict.fromkeys(_PAINTINGS, _NO_PAINTINGS) | {"sample": _DRAWN},
)
SWAG = Corpus(
    name="Instagram-3.6B",
    state="unknown",
    evidence="3.6 billion public images of Instagram, not published (Singh et al. 2022)",
    datasets={"sample": _DRAWN},
)
# By the start of an entry's name.
CORPORA = {"IMAGENET1K_SWAG": joined_corpora([SWAG, IMAGENET_1K]), "IMAGENET1K": IMAGENET_1K}


def corpus_of(entry: str) -> Corpus | None:
    """What the weights of an entry, such as `IMAGENET1K_V2`, were trained on; None if its name does not say."""
    return next((corpus for start, corpus in CORPORA.items() if entry.startswith(start)), None)
