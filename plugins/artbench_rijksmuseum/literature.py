"""Results that others have published on these tasks, under other protocols; each was checked in print."""

from artbench.specs import PublishedResult

_MENSINK = "Mensink and van Gemert 2014, The Rijksmuseum Challenge"
_SABATELLI = "Sabatelli et al. 2018, ResNet50 fine-tuned"
_FISHER = "Fisher vectors and linear SVMs, the same test set"
_OTHER_SPLIT = "one label a work, accuracy on a random split of their own"


def _mensink(metric: str, value: str, difference: str = _FISHER) -> PublishedResult:
    return PublishedResult(work=_MENSINK, metric=metric, value=value, difference=difference)


def _sabatelli(value: str) -> PublishedResult:
    return PublishedResult(work=_SABATELLI, metric="accuracy", value=value, difference=_OTHER_SPLIT)


LITERATURE = {
    "artist": (_mensink("mean_class_accuracy", "51.02 %"), _sabatelli("46.13 %")),
    "artist-374": (_mensink("mean_class_accuracy", "65.53 %"),),
    "artist-100": (_mensink("mean_class_accuracy", "75.73 %"),),
    "type": (
        _mensink("mean_average_precision_11_point", "54.69 %", f"{_FISHER}; penalty not tuned, by a fault in its code"),
        _sabatelli("91.30 %"),
    ),
    "material": (
        _mensink("mean_average_precision_11_point", "38.30 %", f"{_FISHER}; penalty not tuned, by a fault in its code"),
        _sabatelli("92.95 %"),
    ),
    "year": (_mensink("mean_absolute_error", "74.39 years"),),
}
