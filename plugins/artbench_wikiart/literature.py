"""Results that others have published on these tasks, under other protocols; each was checked in print."""

from artbench.specs import PublishedResult

_TAN = "Tan et al. 2016, Ceci n'est pas une pipe (as cited by others)"
_VIT = "Classification of art paintings using ViTs, CTC 3(1), 2025 (abstract)"
_TUNED = "all weights fine-tuned"
LITERATURE = {
    "wikiart-style": (
        PublishedResult(
            work=_TAN, metric="accuracy", value="54.50 %", difference=f"AlexNet, {_TUNED}, the same split as here"
        ),
        PublishedResult(work=_VIT, metric="accuracy", value="72.59 %", difference=f"{_TUNED}, split not stated"),
    ),
    "wikiart-genre": (
        PublishedResult(work=_VIT, metric="accuracy", value="79.52 %", difference=f"{_TUNED}, split not stated"),
    ),
    "wikiart-artist": (
        PublishedResult(work=_VIT, metric="accuracy", value="84.90 %", difference=f"{_TUNED}, split not stated"),
    ),
}
