"""What the site has beyond docs/: a page for each command, written from the command itself, and the project's papers.

A hook of MkDocs, named in mkdocs.yml.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from artbench.cli.main import artbench

# What stands above the options of a command.
ABOVE = {
    "run": """
    artbench run --backbone tf_efficientnet_lite0 --task sample-style

prints on stdout

    tf_efficientnet_lite0, imagenet
      sample-style  accuracy 95.6 % [93.3, 97.5]  rank 1 of 1

that is, the value with its 95 % interval. The record, the predictions and the leaderboard are then in `results/`. The
names are those of `artbench list`: [backbones](../backbones.md), [pretrainings](../pretrainings.md) and tasks on
[datasets](../data.md). [The protocol](../protocol.md) says what is fixed, and [ranks](../ranks.md) what the ranks mean.
"""
}
ROOT = Path(__file__).resolve().parents[1]
# Beside docs/ because that is where people and their tools look for them.
PAPERS = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are written when the site is built."""
    for address, text in pages().items():
        files.append(File.generated(config, address, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to the project's papers, which work in the repository too, to their pages."""
    for address, file in PAPERS.items():
        markdown = markdown.replace(f"](../{file}", f"]({address}")
    return markdown


def pages() -> dict[str, str]:
    """The Markdown of each page by its path below docs/."""
    context = click.Context(artbench, info_name="artbench")
    found = {"commands/index.md": _overview(context)}
    for name in artbench.list_commands(context):
        found[f"commands/{name}.md"] = "\n".join(_command(_child(context, name), level=1)) + "\n"
    for address, file in PAPERS.items():
        found[address] = (ROOT / file).read_text(encoding="utf-8").replace("](docs/", "](")
    return found


def _overview(context: click.Context) -> str:
    lines = [
        "# Commands",
        "",
        "Results go to stdout, progress and notices to stderr; with `--json` there is nothing but JSON on stdout. The "
        "exit status is 0 when the work is done, 1 when it failed (one line says what and what to do), and 2 when the "
        "command itself is wrong. `--debug` shows the traceback of an error.",
        "",
        "| command | |",
        "|---|---|",
    ]
    for name in artbench.list_commands(context):
        summary = _child(context, name).command.get_short_help_str(limit=200)
        lines.append(f"| [`artbench {name}`]({name}.md) | {_plain(summary)} |")
    return "\n".join([*lines, ""])


def _child(context: click.Context, name: str) -> click.Context:
    group = context.command
    assert isinstance(group, click.Group)
    command = group.get_command(context, name)
    assert command is not None
    return click.Context(command, info_name=name, parent=context)


def _command(context: click.Context, *, level: int) -> Iterator[str]:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield from (f"{'#' * level} {context.command_path}", "", "```text", " ".join(usage.split()), "```", "")
    yield from _help(command.help or "")
    if level == 1:
        yield from ABOVE.get(command.name or "", "").split("\n")
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    for option in options:
        names, meaning = option.get_help_record(context) or ("", "")
        yield from (f"`{names}`", f":   {_plain(meaning)}", "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(_child(context, name), level=level + 1)


def _help(text: str) -> Iterator[str]:
    """Paragraphs; those that click leaves as they are become blocks."""
    for paragraph in re.split(r"\n\s*\n", _unindented(text)):
        kept = paragraph.startswith("\b\n")
        body = paragraph.removeprefix("\b\n")
        yield from (["```text", _unindented(body), "```", ""] if kept else [_plain(" ".join(body.split())), ""])


def _unindented(text: str) -> str:
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip() not in ("", "\b")]
    return "\n".join(line[min(indents, default=0) :] if line.strip() != "\b" else "\b" for line in lines).strip(" \n")


def _plain(text: str) -> str:
    """Text in which only what stands between backticks means something to Markdown."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\*_<>\[\]|])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
