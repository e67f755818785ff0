"""The paragraph on methods that a paper needs for its table, with the works to cite."""

from collections.abc import Mapping, Sequence
from importlib import metadata

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import Board
from artbench.protocol import Preprocessing, Protocol, protocol_named
from artbench.records.format import metric_name
from artbench.records.record import Record, encoder_name, task_name
from artbench.stats.metrics import METRICS

_KNN = (
    "Z. Wu, Y. Xiong, S. X. Yu and D. Lin, Unsupervised feature learning via non-parametric instance discrimination, "
    "CVPR 2018"
)
_RIDGE = (
    "A. E. Hoerl and R. W. Kennard, Ridge regression: biased estimation for nonorthogonal problems, Technometrics 1970"
)
_PCA = "K. Pearson, On lines and planes of closest fit to systems of points in space, Philosophical Magazine 1901"
_BOOTSTRAP = "B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman and Hall 1993"
_HOLM = "S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979"
_CLOPPER_PEARSON = (
    "C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the "
    "binomial, Biometrika 1934"
)
_KORN_GRAUBARD = (
    "E. L. Korn and B. I. Graubard, Confidence intervals for proportions with small expected number of positive counts "
    "estimated from survey data, Survey Methodology 1998"
)
_JACKKNIFE = (
    "J. G. MacKinnon, M. Ø. Nielsen and M. D. Webb, Fast and reliable jackknife and bootstrap methods for "
    "cluster-robust inference, Journal of Applied Econometrics 2023"
)
_HALL = "P. Hall, On the removal of skewness by transformation, Journal of the Royal Statistical Society B 1992"
_POOLING = {"avg": "average pooling", "max": "maximum pooling", "cls": "class token", "map": "attention pooling"}


class _Citations:
    """Numbers for cited works, in the order in which they are cited."""

    def __init__(self) -> None:
        self.works: list[str] = []

    def __call__(self, work: str) -> str:
        if work not in self.works:
            self.works.append(work)
        return f"[{self.works.index(work) + 1}]"


def methods(boards: Sequence[Board], *, sources: Mapping[str, str]) -> str:
    """Return Markdown: a paragraph for each protocol of the boards, and a numbered list of the works cited.

    Args:
        boards: The leaderboards that the paper shows, at least one.
        sources: Publication of each dataset, by name; those that are missing are not cited.

    Raises:
        ArtbenchError: A record was made under a protocol that this version does not know.
    """
    cite = _Citations()
    by_protocol: dict[str, list[Board]] = {}
    for board in boards:
        by_protocol.setdefault(board.first.protocol_hash, []).append(board)
    paragraphs = [_paragraph(of_one, cite, sources) for of_one in by_protocol.values()]
    return "\n".join([*paragraphs, *(f"{n}. {work}." for n, work in enumerate(cite.works, 1)), ""])


def _paragraph(boards: Sequence[Board], cite: _Citations, sources: Mapping[str, str]) -> str:
    records = [row.record for board in boards for row in board.rows]
    first = records[0]
    protocol = protocol_named(first.protocol)
    if protocol is None or protocol.hash != first.protocol_hash:
        raise ArtbenchError(
            f"this version of artbench has no protocol {first.protocol} ({first.protocol_hash[:12]}) to describe",
            mend="Upgrade artbench, or leave these records out with --task",
        )
    sentences = [
        _what(boards, records, protocol, cite, sources),
        _images(records, protocol.picture),
        _features(records, protocol, cite),
        _probe(records, protocol, cite),
        f"For comparison, weighted nearest neighbours (k = {protocol.neighbours.k}, temperature "
        f"{protocol.neighbours.temperature:g}, cosine) voted on the same features {cite(_KNN)}.",
        _uncertainty(protocol, cite),
    ]
    return " ".join(sentences) + "\n"


def _what(
    boards: Sequence[Board], records: Sequence[Record], protocol: Protocol, cite: _Citations, sources: Mapping[str, str]
) -> str:
    encoders = sorted({encoder_name(record) for record in records})
    versions = sorted({record.provenance.artbench for record in records})
    tasks = []
    for board in boards:
        data, metric = board.first.dataset, metric_name(board.first.primary_metric)
        work = sources.get(data.name)
        tasks.append(
            f"{task_name(board.first)} (version {board.first.task_version}; {data.train:,} training and {data.test:,} "
            f"test images, {metric}{'; ' + cite(work) if work else ''})"
        )
    software = f"The artbench developers, artbench {metadata.version('artbench')}"
    return (
        f"We evaluated {len(encoders)} frozen {'encoder' if len(encoders) == 1 else 'encoders'} on {_list(tasks)} with "
        f"artbench {_list(versions)} {cite(software)}, protocol {protocol.name} (SHA-256 {protocol.hash[:12]})."
    )


def _images(records: Sequence[Record], picture: Preprocessing) -> str:
    sides = sorted({record.encoder.input_size for record in records})
    short, crops = _list([f"{picture.short_side(side)}" for side in sides]), _list([f"{s} x {s}" for s in sides])
    return (
        f"Images were turned upright, resized ({picture.interpolation}, antialiased) to a short side of {short} px and "
        f"cropped at the centre to {crops} px"
        + (", as each network takes them," if len(sides) > 1 else "")
        + " and normalised by the mean and standard deviation that belong to the weights."
    )


def _features(records: Sequence[Record], protocol: Protocol, cite: _Citations) -> str:
    known = {}
    for record in records:
        encoder = record.encoder
        layer = "" if (encoder.layer or 1) == 1 else f"layer {encoder.layer} from the end, "
        pooled = f"{_POOLING.get(encoder.pooling, encoder.pooling)}, " if encoder.pooling else ""
        known[encoder_name(record)] = f"{encoder_name(record)} ({layer}{pooled}{encoder.feature_dim:,} features)"
    width = (
        ""
        if protocol.width is None
        else f", reduced to {protocol.width:,} principal components of the training images {cite(_PCA)}"
    )
    read = "; ".join(sorted(known.values()))
    return f"Features were read from {read}{width}, and z-scored with the training statistics."


def _probe(records: Sequence[Record], protocol: Protocol, cite: _Citations) -> str:
    probe, few = protocol.probe, protocol.few_shot
    targets = {METRICS[record.primary_metric].target for record in records}
    if probe.name == "ridge":
        kind = f"Ridge regression on the year {cite(_RIDGE)}"
    elif targets == {"multi-label"}:
        kind = "Logistic regression with an L2 penalty, one sigmoid per label,"
    else:
        several = " (one sigmoid per label where images have several)" if "multi-label" in targets else ""
        kind = f"Multinomial logistic regression with an L2 penalty{several}"
    text = (
        f"{kind} was solved to convergence; its penalty was chosen among {len(probe.grid)} values from "
        f"{probe.grid[0]:g} to {probe.grid[-1]:g} by the {probe.selection_metric} on the validation split, or, without "
        "one, on a tenth of the training images"
    )
    if probe.groups:
        text += f" (where the task tests unseen groups, on {probe.group_folds} folds of whole groups)"
    text += ", and it was fitted again on training and validation images together; the test images were used once."
    if few is not None:
        text += (
            f" Each fit used {few.shots} training images per class; results are means over {few.draws} draws on the "
            "whole test set."
        )
    return text


def _uncertainty(protocol: Protocol, cite: _Citations) -> str:
    if protocol.bootstrap is not None:
        how = (
            f"percentile intervals of {protocol.bootstrap.resamples:,} bootstrap resamples of the test images, or of "
            f"their groups where the task tests unseen groups {cite(_BOOTSTRAP)}"
        )
    else:
        how = (
            f"exact binomial intervals for accuracy on single images {cite(_CLOPPER_PEARSON)}, and, for other "
            "fractions and where the task tests unseen groups, intervals from leaving out each test image or each "
            f"group {cite(_JACKKNIFE)}, at the effective sample size {cite(_KORN_GRAUBARD)}; errors in years have "
            f"Student's t and its transformation for skewness {cite(_HALL)}, the calibration error an inverted test"
        )
    return (
        f"Brackets are 95 % {how}. Ranks come from paired tests between all rows, corrected for their number "
        f"{cite(_HOLM)}: rows share ranks where no difference is shown."
    )


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
