"""Results that others have published on these tasks, under other protocols; each was checked in print."""

from artbench.specs import PublishedResult

_DIFFERENCE = "all weights fine-tuned; the competition's hidden test"

LITERATURE = {
    "2019-attributes": (
        PublishedResult(
            work="iMet Collection 2019, the winner", metric="sample_f2", value="67.2 %", difference=_DIFFERENCE
        ),
        PublishedResult(
            work="iMet Collection 2019, a ResNet50", metric="sample_f2", value="56.5 %", difference=_DIFFERENCE
        ),
    ),
}
