"""Sentences on all that follows the features: the probe or the search, its intervals and ranks."""

import json
from collections.abc import Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.export.citations import CLIP, CSLS, HOLM, KNN, MET, PATHOROB, PCA, RIDGE, WHITENING, Citations
from artbench.leaderboard.export.encoders import listed
from artbench.leaderboard.export.intervals import intervals, named_tasks
from artbench.leaderboard.notes import repeated
from artbench.plugins.known import form_of
from artbench.plugins.protocols import own_probe
from artbench.protocol import Protocol, Search
from artbench.stats.metrics import METRICS

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def procedure(boards: Sequence[Board], protocol: Protocol, cite: Citations) -> list[str]:
    """Return sentences on all that follows the features, so that those of two protocols can be compared."""
    reduced = (
        ""
        if protocol.width is None
        else f"reduced to {protocol.width:,} principal components of the training images {cite(PCA)}, and "
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
        sentences.append(f"Results on {named_tasks(split)} are means over {said}.")
    if protocol.fits and protocol.own is None:
        sentences.append(
            f"For comparison, weighted nearest neighbours (k = {neighbours.k}, temperature "
            f"{neighbours.temperature:g}, cosine) voted on the same features {cite(KNN)}."
        )
    sentences.append(intervals(boards, protocol, cite))
    if any(len(board.rows) > 1 for board in boards):
        sentences.append(
            f"Ranks come from paired tests between all rows, corrected for their number {cite(HOLM)}: rows share "
            "ranks where no difference is shown."
        )
    return sentences


def _own(protocol: Protocol, cite: Citations) -> str:
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


def _searched(search: Search, cite: Citations) -> list[str]:
    """Return sentences on how an index was searched, or neighbours were counted."""
    sentences = ["Features were scaled to length 1, and nothing was fitted to labels."]
    if search.asks == "neighbours":
        return [
            *sentences,
            "Of equally many images of two classes from each of two museums, the nearest neighbours of each image by "
            "their cosine, as many as there are images of one class from one museum, were counted by whether they "
            f"share its class and its museum {cite(PATHOROB)}; counts were summed over all such pairs.",
        ]
    if search.whitening is not None:
        sentences.append(
            f"They were reduced to {search.whitening:,} whitened principal components of the index, and scaled again "
            f"{cite(WHITENING)}."
        )
    by = "their cosine"
    if search.csls is not None:
        by += f" with cross-domain similarity local scaling over {search.csls} neighbours {cite(CSLS)}"
    return [
        *sentences,
        f"For each query all images of the index but itself were ranked by {by}; images of equal similarity share the "
        "last of their places, and images that belong with no other are distractors.",
        *(
            ()
            if search.confidence is None
            else (
                "Queries were ranked together by the soft-max over the classes of the index of their nearest images; "
                f"their number and the temperature were chosen on the validation queries {cite(MET)}.",
            )
        ),
    ]


def _told_by_texts(boards: Sequence[Board], cite: Citations) -> list[str]:
    """Return sentences on how pictures were compared with texts."""
    said = {board.first.prompts for board in boards if board.first.prompts is not None}
    templates = {template for prompts in said for template in prompts.templates}
    shown = f": “{next(iter(templates))}”" if len(templates) == 1 else f" from {len(templates)} templates"
    return [
        f"Nothing was fitted to labels. Each class was put into words{shown}; its vector is the mean of the vectors of "
        f"its texts, each scaled to length 1 {cite(CLIP)}.",
        "A picture is of the class with the largest cosine; probabilities are the softmax of cosines times the scale "
        "that the network has learnt.",
    ]


def _probe(boards: Sequence[Board], protocol: Protocol, cite: Citations) -> str:
    probe, few = protocol.probe, protocol.few_shot
    several = [board for board in boards if _asks_for_labels(board)]
    if probe.name == "ridge":
        kind = f"Ridge regression on the year {cite(RIDGE)}"
    elif len(several) == len(boards):
        kind = "Logistic regression with an L2 penalty, one sigmoid per label,"
    else:
        labels = f" (one sigmoid per label on {named_tasks(several)})" if several else ""
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
    return whole if len(grouped) == len(boards) else f"{single} (for {named_tasks(grouped)}, {whole})"


def _asks_for_labels(board: Board) -> bool:
    metric = METRICS.get(board.first.primary_metric)
    return metric is not None and form_of(metric.target) == "labels"


def _number(value: float) -> str:
    """Return `100`, `0.0001` or `10⁻⁶`."""
    factor, _, power = f"{value:,g}".partition("e")
    if not power:
        return factor
    return f"{'' if factor == '1' else factor + ' × '}10{str(int(power)).translate(_SUPERSCRIPTS)}"
