"""What no check of a record can tell, so that a check can say what it left open."""

from artbench.data.rankings import KEPT
from artbench.leaderboard.validation.findings import FileFindings
from artbench.plugins.known import form_of, is_searched
from artbench.records.record import Record
from artbench.specs import AnswerForm, TargetKind

# With so few classes, the right one is always among the first five.
_TOP = 5
_FITTED = "nearest neighbours, validation"


def report_limits(record: Record, target: TargetKind, about: FileFindings, *, compared: bool) -> None:
    """Report what a record holds that can't be checked without its encoder, or without the data."""
    if not compared:
        about.unchecked("test images, labels, groups and what was left out as unreadable: the data is not at hand")
    searched, form = is_searched(target), form_of(target)
    about.unchecked(_origin(record, form=form, searched=searched))
    kept = [_FITTED] if record.prompts is None else []
    if record.own_probe is not None:
        kept = ["validation and what the probe says of itself"]
    if searched:
        kept = [f"of queries that belong with over {KEPT} pictures, the places of the others"]
    if form == "neighbours":
        kept = ["which pictures are near which"]
    if form == "class" and record.dataset.classes > _TOP:
        kept.append("top-5 accuracy")
    if record.label_free is not None:
        kept.append("figures without labels")
    if kept:
        about.unchecked(f"{', '.join(kept)}: too little is kept, impossible values alone are found")
    about.unchecked(
        "speed, memory, energy, hardware and versions, guesses without pixels, and what the weights have seen"
    )


def _origin(record: Record, *, form: AnswerForm, searched: bool) -> str:
    """Say what tells whether the answers come from the weights that a record names."""
    tells = "`artbench leaderboard verify` tells"
    if form == "neighbours":
        return f"whether the neighbours come from the named weights: {tells}"
    if searched:
        return f"whether the rankings come from the named weights: {tells}"
    if record.own_probe is not None:
        return f"whether the predictions come from the named weights and a plugin's probe: {tells}"
    if "probe" in record.tables or record.prompts is not None:
        return f"whether the predictions come from the named weights: {tells}"
    return "whether the predictions come from the named weights: the record has no weights of its probe, run it again"
