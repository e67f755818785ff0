"""The paragraph on methods that a paper needs for its table, with the works to cite."""

import json
from collections.abc import Collection, Mapping, Sequence
from importlib import metadata

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import Board
from artbench.leaderboard.export.encoders import Encoders, listed
from artbench.leaderboard.notes import is_compared, is_searched, repeated
from artbench.leaderboard.seen import kept
from artbench.plugins.known import form_of, known_protocols
from artbench.plugins.protocols import own_probe
from artbench.protocol import Protocol, Search
from artbench.records.format import metric_name
from artbench.records.record import encoder_name, task_name
from artbench.records.under import protocol_under
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
_WHITENING = (
    "H. Jégou and O. Chum, Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening, "
    "ECCV 2012"
)
_CLIP = "A. Radford et al., Learning transferable visual models from natural language supervision, ICML 2021"
_CSLS = "A. Conneau, G. Lample, M. Ranzato, L. Denoyer and H. Jégou, Word translation without parallel data, ICLR 2018"
_PATHOROB = "J. Kömen, E. D. de Jong, J. Hense and others, Towards Robust Foundation Models for Digital Pathology, 2025"
_MET = "N.-A. Ypsilantis et al., The Met dataset: instance-level recognition for artworks, NeurIPS 2021"
_SOFTWARE = f"The artbench developers, artbench {metadata.version('artbench')}"
# Shares of right images, whose intervals are exact where images are single and tested once.
_SHARES = {"accuracy", "top5_accuracy", "within_50_years"}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Citations:
    """Numbers for cited works, in the order in which they are cited."""

    def __init__(self) -> None:
        self.works: list[str] = []

    def __call__(self, work: str) -> str:
        if work not in self.works:
            self.works.append(work)
        return f"[{self.works.index(work) + 1}]"


def methods(boards: Sequence[Board], *, sources: Mapping[str, str], seen: Collection[str] = ()) -> str:
    """Return Markdown: paragraphs on the protocols of the boards, a table of many encoders, and the works cited.

    A protocol that differs little from an earlier one has a paragraph on the differences.

    Args:
        boards: The leaderboards that the paper shows, at least one.
        sources: Publication of each dataset, by name; those that are missing are not cited.
        seen: If the records were chosen by what their encoders have seen, these states.

    Raises:
        ArtbenchError: A record was made under a protocol that this version does not know.
    """
    cite = _Citations()
    by_protocol: dict[Protocol, list[Board]] = {}
    for board in boards:
        by_protocol.setdefault(_protocol(board), []).append(board)
    alike: dict[object, list[Protocol]] = {}
    for protocol in by_protocol:
        kind = protocol.search is None, protocol.own is None
        alike.setdefault((protocol.picture, protocol.features, *kind), []).append(protocol)
    parts = []
    for protocols in alike.values():
        # The simplest first, so that all that a later one lacks is less, and is said.
        first, *others = sorted(protocols, key=lambda one: (one.few_shot is not None, one.width is not None))
        records = [row.record for one in protocols for board in by_protocol[one] for row in board.rows]
        encoders = Encoders(records)
        versions = sorted({record.provenance.artbench for record in records})
        what = _evaluated(by_protocol[first], cite, sources)
        only = [f"{kept(seen)}."] if seen else []
        opening = f"We {what} with artbench {listed(versions)} {cite(_SOFTWARE)}, protocol {_named(first)}."
        said = _procedure(by_protocol[first], first, cite)
        parts.append(" ".join([opening, *only, encoders.images(first.picture), encoders.features(), *said]) + "\n")
        for other in others:
            what = _evaluated(by_protocol[other], cite, sources)
            differing = [one for one in _procedure(by_protocol[other], other, cite) if one not in said]
            opening = f"Under {_named(other)} we {what}. All was done as above, with these differences."
            parts.append(" ".join([opening, *differing]) + "\n")
        parts += [encoders.table.removesuffix("\n")] if encoders.table else []
    return "\n".join([*parts, *(f"{n}. {work}." for n, work in enumerate(cite.works, 1)), ""])


def _protocol(board: Board) -> Protocol:
    first = board.first
    # Those of plugins are known once these are loaded.
    protocol = protocol_under(first) if known_protocols() else None
    if protocol is None or protocol.hash != first.protocol_hash:
        raise ArtbenchError(
            f"this version of artbench has no protocol {first.protocol} ({first.protocol_hash[:12]}) to describe",
            mend="Upgrade artbench, or leave these records out with --task",
        )
    return protocol


def _named(protocol: Protocol) -> str:
    return f"{protocol.name} (SHA-256 {protocol.hash[:12]})"


def _evaluated(boards: Sequence[Board], cite: _Citations, sources: Mapping[str, str]) -> str:
    encoders = {encoder_name(row.record) for board in boards for row in board.rows}
    tasks = []
    for board in boards:
        data, metric = board.first.dataset, metric_name(board.first.primary_metric)
        work = sources.get(data.name)
        if work and work.partition(",")[0].strip() == "artbench":
            work = _SOFTWARE
        images = f"{data.train:,} training and {data.test:,} test images"
        if board.first.prompts is not None:
            images = f"{data.test:,} test images"
        elif is_compared(board.first):
            images = f"{data.test:,} images"
        elif is_searched(board.first):
            images = f"{data.test:,} queries, {data.train:,} images in the index"
        tasks.append(
            f"{task_name(board.first)} (version {board.first.task_version}; {images}, "
            f"{metric}{'; ' + cite(work) if work else ''})"
        )
    return f"evaluated {len(encoders)} frozen {'encoder' if len(encoders) == 1 else 'encoders'} on {listed(tasks)}"


def _procedure(boards: Sequence[Board], protocol: Protocol, cite: _Citations) -> list[str]:
    """Return sentences on all that follows the features, so that those of two protocols can be compared."""
    reduced = (
        ""
        if protocol.width is None
        else f"reduced to {protocol.width:,} principal components of the training images {cite(_PCA)}, and "
    )
    few, neighbours = protocol.few_shot, protocol.neighbours
    if protocol.own is not None:
        sentences = [_own(protocol, cite)]
    elif protocol.search is not None:
        sentences = _searched(protocol.search, cite)
    elif protocol.zero_shot is not None:
        sentences = _told_by_texts(boards, cite)
    else:
        standardised = f"Features were {reduced}z-scored with the training statistics."
        sentences = [standardised, _probe(boards, protocol, cite)]
    if few is not None:
        images = "image" if few.shots == 1 else "images"
        sentences.append(
            f"Each fit used {few.shots} training {images} per class; results are means over {few.draws} draws on the "
            "whole test set."
        )
    elif split := [board for board in boards if board.first.rounds]:
        kinds = list(dict.fromkeys(repeated(board.first) for board in split))
        counts = list(dict.fromkeys(f"{len(board.first.rounds)} {repeated(board.first)}" for board in split))
        said = f"{listed([one.split()[0] for one in counts])} {kinds[0]}" if len(kinds) == 1 else listed(counts)
        sentences.append(f"Results on {_tasks(split)} are means over {said}.")
    if protocol.fits and protocol.own is None:
        sentences.append(
            f"For comparison, weighted nearest neighbours (k = {neighbours.k}, temperature "
            f"{neighbours.temperature:g}, cosine) voted on the same features {cite(_KNN)}."
        )
    sentences.append(_intervals(boards, protocol, cite))
    if any(len(board.rows) > 1 for board in boards):
        sentences.append(
            f"Ranks come from paired tests between all rows, corrected for their number {cite(_HOLM)}: rows share "
            "ranks where no difference is shown."
        )
    return sentences


def _own(protocol: Protocol, cite: _Citations) -> str:
    """Return a sentence on a plugin's probe: what it is, by its description, and what it was given."""
    assert protocol.own is not None
    spec = own_probe(protocol)
    settings = ", ".join(f"{name} {value}" for name, value in json.loads(protocol.own.settings).items())
    what = "vectors of all places" if protocol.own.features == "tokens" else "features"
    return (
        f"The probe of {protocol.name}, version {protocol.own.version} ({spec.description.removesuffix('.')}"
        f"{'; ' + settings if settings else ''}), was fitted on {what} of the training and validation images"
        f"{' ' + cite(spec.reference) if spec.reference else ''}; the test images were used once."
    )


def _searched(search: Search, cite: _Citations) -> list[str]:
    """Return sentences on how an index was searched, or neighbours were counted."""
    sentences = ["Features were scaled to length 1, and nothing was fitted to labels."]
    if search.asks == "neighbours":
        return [
            *sentences,
            "Of equally many images of two classes from each of two museums, the nearest neighbours of each image by "
            "their cosine, as many as there are images of one class from one museum, were counted by whether they "
            f"share its class and its museum {cite(_PATHOROB)}; counts were summed over all such pairs.",
        ]
    if search.whitening is not None:
        sentences.append(
            f"They were reduced to {search.whitening:,} whitened principal components of the index, and scaled again "
            f"{cite(_WHITENING)}."
        )
    by = "their cosine"
    if search.csls is not None:
        by += f" with cross-domain similarity local scaling over {search.csls} neighbours {cite(_CSLS)}"
    return [
        *sentences,
        f"For each query all images of the index but itself were ranked by {by}; images of equal similarity share the "
        "last of their places, and images that belong with no other are distractors.",
        *(
            ()
            if search.confidence is None
            else (
                "Queries were ranked together by the soft-max over the classes of the index of their nearest images; "
                f"their number and the temperature were chosen on the validation queries {cite(_MET)}.",
            )
        ),
    ]


def _told_by_texts(boards: Sequence[Board], cite: _Citations) -> list[str]:
    """Return sentences on how pictures were compared with texts."""
    said = {board.first.prompts for board in boards if board.first.prompts is not None}
    templates = {template for prompts in said for template in prompts.templates}
    shown = f": “{next(iter(templates))}”" if len(templates) == 1 else f" from {len(templates)} templates"
    return [
        f"Nothing was fitted to labels. Each class was put into words{shown}; its vector is the mean of the vectors of "
        f"its texts, each scaled to length 1 {cite(_CLIP)}.",
        "A picture is of the class with the largest cosine; probabilities are the softmax of cosines times the scale "
        "that the network has learnt.",
    ]


def _probe(boards: Sequence[Board], protocol: Protocol, cite: _Citations) -> str:
    probe, few = protocol.probe, protocol.few_shot
    several = [board for board in boards if _asks_for_labels(board)]
    if probe.name == "ridge":
        kind = f"Ridge regression on the year {cite(_RIDGE)}"
    elif len(several) == len(boards):
        kind = "Logistic regression with an L2 penalty, one sigmoid per label,"
    else:
        labels = f" (one sigmoid per label on {_tasks(several)})" if several else ""
        kind = f"Multinomial logistic regression with an L2 penalty{labels}"
    grid = f"{len(probe.grid)} values from {_number(probe.grid[0])} to {_number(probe.grid[-1])}"
    fitted = "training and validation images together" if few is None else "all images drawn"
    tested = "used once" if few is None else "used only to measure"
    if few is not None and few.shots == 1:
        return (
            f"{kind} was solved to convergence, its penalty being the middle of {grid}; the test images were {tested}."
        )
    return (
        f"{kind} was solved to convergence; its penalty was chosen among {grid} by the {probe.selection_metric} "
        f"{_selection(boards, protocol)}, and it was fitted again on {fitted}; the test images were {tested}."
    )


def _selection(boards: Sequence[Board], protocol: Protocol) -> str:
    single = (
        "on the validation split, or, without one, on a tenth of the training images"
        if protocol.few_shot is None
        else "on a tenth of the images drawn"
    )
    whole = f"on {protocol.probe.group_folds} folds of whole painters"
    if protocol.few_shot is None:
        whole += ", or on a validation split by other painters where there is one"
    grouped = [board for board in boards if any(state.groups is not None for state in board.first.probes)]
    if not grouped:
        return single
    return whole if len(grouped) == len(boards) else f"{single} (for {_tasks(grouped)}, {whole})"


def _intervals(boards: Sequence[Board], protocol: Protocol, cite: _Citations) -> str:
    kinds: dict[str, list[Board]] = {}
    for board in boards:
        kinds.setdefault(_interval(board, protocol, cite), []).append(board)
    if len(kinds) == 1:
        return f"Brackets are 95 % {next(iter(kinds))}."
    return f"Brackets are 95 % intervals: {'; '.join(f'for {_tasks(of)}, {kind}' for kind, of in kinds.items())}."


def _interval(board: Board, protocol: Protocol, cite: _Citations) -> str:
    """Describe the intervals of a leaderboard's own metric, which alone has brackets."""
    first = board.first
    if protocol.bootstrap is not None:
        of = "the test images" if first.clusters is None else "the painters of the test images"
        return (
            f"percentile intervals of {protocol.bootstrap.resamples:,} bootstrap resamples of {of} {cite(_BOOTSTRAP)}"
        )
    if first.primary_metric in _SHARES and first.clusters is None and not first.rounds:
        return f"exact binomial intervals {cite(_CLOPPER_PEARSON)}"
    ranked = protocol.search is not None and protocol.search.asks == "ranking"
    grouped = "group of queries that belong together" if ranked else "painter of the test images"
    left_out = "test image" if first.clusters is None else grouped
    how = f"intervals from leaving out each {left_out} {cite(_JACKKNIFE)}"
    if first.primary.ci95 is None:
        return "no intervals, as nothing is known of the chance of the metric"
    metric = METRICS.get(first.primary_metric)
    if metric is not None and None in metric.bounds:
        how += f", by Student's t and its transformation for skewness {cite(_HALL)}"
    elif first.primary_metric == "expected_calibration_error":
        how += ", by inverting a test"
    else:
        how += f", binomial ones {cite(_CLOPPER_PEARSON)} at the effective sample size {cite(_KORN_GRAUBARD)}"
    return how + (", with the variance between rounds" if first.rounds else "")


def _asks_for_labels(board: Board) -> bool:
    metric = METRICS.get(board.first.primary_metric)
    return metric is not None and form_of(metric.target) == "labels"


def _tasks(boards: Sequence[Board]) -> str:
    return listed(list(dict.fromkeys(task_name(board.first) for board in boards)))


def _number(value: float) -> str:
    """Return `100`, `0.0001` or `10⁻⁶`."""
    factor, _, power = f"{value:,g}".partition("e")
    if not power:
        return factor
    return f"{'' if factor == '1' else factor + ' × '}10{str(int(power)).translate(_SUPERSCRIPTS)}"
