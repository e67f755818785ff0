"""`artbench completion`: the script by which a shell completes commands, options and names."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.options import debug_option
from artbench.errors import ArtbenchError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from artbench.plugins.registry import Catalogue, Entry
    from artbench.specs import Family


SHELLS = ("bash", "zsh", "fish")
_WORD = re.compile(r"[\w.:+-]+")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@debug_option
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and names.

    \b
      bash   eval "$(artbench completion bash)"      in ~/.bashrc
      zsh    eval "$(artbench completion zsh)"       in ~/.zshrc, after compinit
      fish   artbench completion fish | source       in ~/.config/fish/config.fish

    The many names of families such as timm are completed once `artbench list backbones '*'` has listed them.
    """  # noqa: D301  click reads the control character
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None, "click knows all three"
    click.echo(script(context.find_root().command, {}, "artbench", "_ARTBENCH_COMPLETE").source(), nl=False)


def completed(
    kind: str, *, or_path: bool = False, trainable: bool = False
) -> Callable[[click.Context, click.Parameter, str], list["CompletionItem[str]"]]:
    """What to give as `shell_complete` of an option or argument that takes names of a kind.

    Args:
        kind: As `Registry` calls them: `backbones`, `pretrainings`, `datasets`, `tasks`.
        or_path: Whether a path may stand in the place of a name.
        trainable: Only what has a method that trains it.
    """

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list["CompletionItem[str]"]:
        from click.shell_completion import CompletionItem

        from artbench.plugins.loading import load_plugins

        # A file given with --plugin is left alone: nobody wants it run by the Tab key. And what plugins print while
        # they are loaded would end up in the line that is being typed.
        with redirect_stderr(StringIO()):
            catalogue = getattr(load_plugins(), kind)
        names = _names(catalogue, incomplete=incomplete, trainable=trainable)
        items = [CompletionItem(name, help=help_) for name, help_ in names if name.startswith(incomplete)]
        # In front, since bash forgets what comes before it; it then offers files where no name fits.
        return [CompletionItem(incomplete, type="file"), *items] if or_path else items

    return complete


def remember_names(catalogue: "Catalogue[Any]") -> None:
    """Keep all names of the families, whose libraries are imported by now, for completions to come.

    A cache that can't be written changes nothing but those.
    """
    from artbench.runtime.files import write_text
    from artbench.specs import load_factory

    with suppress(ArtbenchError, OSError):
        file = _file(catalogue)
        before = _remembered(file)
        known = dict(before)
        for entry, family in catalogue.families():
            known[_key(entry, family)] = [name for name in load_factory(family.names)() if _WORD.fullmatch(name)]
        if known != before:
            write_text(file, json.dumps(known))


def _names(catalogue: "Catalogue[Any]", *, incomplete: str, trainable: bool) -> Iterator[tuple[str, str]]:
    for _, spec in catalogue.specs():
        if not trainable or spec.method is not None:
            yield spec.name, spec.description
    with suppress(ArtbenchError):
        remembered = _remembered(_file(catalogue))
        for entry, family in catalogue.families():
            names = remembered.get(_key(entry, family), [])
            models = set(names)
            for name in names:
                # Of each model timm has a name for every set of weights: they come once the dot is typed.
                if "." in incomplete or name.partition(".")[0] == name or name.partition(".")[0] not in models:
                    yield name, family.description


def _key(entry: "Entry[Any]", family: "Family[Any]") -> str:
    return f"{entry.distribution}:{family.name}"


def _file(catalogue: "Catalogue[Any]") -> Path:
    from artbench.runtime.files import cache_folder

    return cache_folder() / "names" / f"{catalogue.kind}s.json"


def _remembered(file: Path) -> dict[str, list[str]]:
    """The names by family; none where there is no such file, or it holds something else."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        family: [name for name in names if isinstance(name, str) and _WORD.fullmatch(name)]
        for family, names in content.items()
        if isinstance(names, list)
    }
