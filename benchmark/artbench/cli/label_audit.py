"""What `artbench data audit --labels` prints and writes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.output import echo, print_json, print_table
from artbench.runtime.text import counted, printable

if TYPE_CHECKING:
    from artbench.audit.label_audit import LabelAudit

_MOST_SHOWN = 100


def show_label_audit(found: "LabelAudit", *, out: Path, as_json: bool) -> None:
    """Print the images that look mislabelled, and write the list for `--exclude` into a folder."""
    file = out / "labels.csv"
    if not found.published:
        found.write_list(file)
    if as_json:
        print_json({**found.as_json(), "file": None if found.published else str(file)})
    else:
        _print(found)
        if not found.published:
            click.echo(str(file))
    for line in _said(found):
        echo(line, err=True)


def _said(found: "LabelAudit") -> list[str]:
    said = []
    if found.trained is None:
        said.append("Nothing is said of training images: --training looks at them too.")
    elif found.unjudged:
        unjudged = counted(found.unjudged, "training image")
        said.append(f"{unjudged} can't be judged: no image of their class is left when they are held out.")
    if len(found.records) == 1:
        said.append("One record is weak evidence: what it gets wrong looks mislabelled. Name several encoders.")
    elif found.networks < len(found.records):
        networks = counted(found.networks, "network")
        said.append(f"These are {len(found.records)} records of {networks}, which may err alike.")
    if found.published:
        said.append("These records are published, without ids of images: no list for --exclude is written.")
    else:
        said.append("Look at each image before you leave it out: scores rise when errors of encoders are left out.")
    return said


def _print(found: "LabelAudit") -> None:
    from artbench.records.record import encoder_name

    count, training = len(found.suspicions), sum(one.side == "train" for one in found.suspicions)
    parts = [_share(count - training, found.tested, "test")]
    if found.trained is not None:
        parts.append(_share(training, found.trained, "training"))
    looks = "looks" if found.trained is None and count == 1 else "look"
    echo(f"{found.records[0].task}: {' and '.join(parts)} {looks} mislabelled", bold=True)
    for record, alone in zip(found.records, found.alone, strict=True):
        echo(f"  {encoder_name(record)} suspects {alone:,}")
    rows = [
        [
            printable(one.image, escapes=True),
            one.side,
            printable(found.classes[one.label]),
            printable(found.said(one)),
            f"{one.agreement} of {len(found.records)}",
            f"{one.confidence:.2f}",
        ]
        for one in found.suspicions[:_MOST_SHOWN]
    ]
    if rows:
        print_table(("image", "split", "label", "encoders say", "agree", "confidence"), rows, numbers=(4, 5))
    if count > len(rows):
        echo(f"… and {count - len(rows):,} more (--json lists all)")


def _share(count: int, of: int, which: str) -> str:
    share = f" ({count / of:.1%})" if of else ""
    return f"{count:,} of {counted(of, f'{which} image')}{share}"
