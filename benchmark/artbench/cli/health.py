"""The state of a dataset as people see it."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from artbench.audit.dataset_check import Health

_SHOWN = 10
_SPLITS = ("train", "validation", "test")


def print_health(entry: Health) -> None:
    """Print the state of a dataset on stdout."""
    console = Console(highlight=False)
    of = f" of {entry.published:,}" if entry.published else ""
    console.print(
        Text(f"{entry.dataset}: {entry.pictures:,}{of} pictures in {entry.root}", style="bold"), soft_wrap=True
    )
    _print_pictures(entry, console)
    table = Table(box=None, pad_edge=False)
    table.add_column("task", overflow="fold")
    for heading in (*_SPLITS, "classes", "missing", "imbalance"):
        table.add_column(heading, justify="right")
    for task in entry.tasks:
        rows = [_count(task.rows.get(name)) for name in _SPLITS]
        missing = Text(_count(task.missing), style="red" if task.partial else "yellow" if task.missing else "")
        ratio = f"{task.imbalance:,.1f} : 1" if task.imbalance else ""
        table.add_row(Text(task.name), *rows, _count(task.classes or None), missing, ratio)
        if task.as_published is False:
            stated = [_count(task.published.get(name)) for name in (*_SPLITS, "classes")]
            table.add_row(Text("  published"), *stated, style="dim")
    console.print(table)
    for task in entry.tasks:
        if task.untrained:
            text = f"  {task.name}: {task.untrained:,} of {task.classes:,} classes have no picture to train on"
            console.print(Text(text), soft_wrap=True)
        if task.problem:
            console.print(Text(f"  {task.name} can't be read: {task.problem}", style="red"), soft_wrap=True)


def _print_pictures(entry: Health, console: Console) -> None:
    if entry.repeated:
        console.print(f"  {entry.repeated:,} pictures have the bytes of another (`artbench data audit` shows them)")
    if entry.undecodable:
        console.print(f"  {len(entry.undecodable):,} can't be decoded:", style="red")
        for id_, reason in list(entry.undecodable.items())[:_SHOWN]:
            console.print(Text(f"    {_printable(id_)}: {reason}"), soft_wrap=True)
        if len(entry.undecodable) > _SHOWN:
            console.print("    … (--json names all)")


def _count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _printable(text: str) -> str:
    """A name without what could steer a terminal."""
    return text if text.isprintable() else ascii(text)
