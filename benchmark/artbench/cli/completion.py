"""`artbench completion`: completion of commands, options and names by the shell."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.options import debug_option
from artbench.plugins.catalogue import Catalogue
from artbench.specs import POOLS, BackboneSpec

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


SHELLS = ("bash", "zsh", "fish")
# click's own breaks words where bash does, at @, = and :, which names of variants hold. This gives click the line
# itself, -1 for its last word, and answers with what follows the last break, which is all that bash replaces; an @
# belongs to it.
_BASH = r"""_artbench_completion() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} word before completion type value
    word=${line##*[[:space:]]}
    before=${word%"${word##*[$COMP_WORDBREAKS]}"}
    before=${before#--*=}
    before=${before%@}
    # Where bash only lists, what stands before the last comma of a variant is not repeated.
    [[ $COMP_TYPE == 63 && $before == *@* && $word == *@*,* ]] && before=${word%"${word##*[,=]}"}
    [[ -n $word ]] || line+="''"
    COMPREPLY=()
    for completion in $(env COMP_WORDS="$line" COMP_CWORD=-1 _ARTBENCH_COMPLETE=bash_complete "$1"); do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames ;;
            file) COMPREPLY=(); compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done
}
complete -o nosort -F _artbench_completion artbench
"""
# Transformers with a class token or registers, and networks with an attention pool, by their names in timm and
# torchvision: building a network takes too long for the Tab key.
_HAS_TOKENS = re.compile(
    r"(^|:)((flexi|naflex|test_)?vit\d?|deit3?|beit(v2|3)?|eva(02)?)(_|$)"
    r"(?!.*(siglip|rpn)|(?!.*cls).*relpos|(?!.*reg\d).*_gap)"
)
_HAS_ATTENTION_POOL = re.compile(r"siglip(?!_gap)|pe_core|_map(_|$)|^resnet.*clip")
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
    source = script(context.find_root().command, {}, "artbench", "_ARTBENCH_COMPLETE").source()
    click.echo(_BASH if shell == "bash" else source, nl=False)


def completed(
    kind: str, *, or_path: bool = False, trainable: bool = False
) -> Callable[[click.Context, click.Parameter, str], list["CompletionItem[str]"]]:
    """The `shell_complete` of an option or argument that takes names.

    Args:
        kind: Attribute of `Registry`: `backbones`, `pretrainings`, `datasets` or `tasks`.
        or_path: Whether a path may be given instead of a name.
        trainable: Whether to offer only pretrainings with a method.
    """

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list["CompletionItem[str]"]:
        from click.shell_completion import CompletionItem

        from artbench.plugins.loading import load_plugins

        # Files given with --plugin are not loaded: the Tab key should not run them. What plugins print while they are
        # loaded would end up in the line that is being typed.
        with redirect_stderr(StringIO()):
            catalogue = getattr(load_plugins(), kind)
        names = (
            _variants(catalogue, incomplete)
            if kind == "backbones" and "@" in incomplete
            else _names(catalogue, incomplete=incomplete, trainable=trainable)
        )
        items = [CompletionItem(name, help=help_) for name, help_ in names if name.startswith(incomplete)]
        # In front, since bash forgets what comes before it. It offers files if no name fits.
        return [CompletionItem(incomplete, type="file"), *items] if or_path else items

    return complete


def protocols_on_record(context: click.Context, _: click.Parameter, incomplete: str) -> list["CompletionItem[str]"]:
    """The `shell_complete` of an option that takes the name of a protocol: those in the folder of results."""
    from click.shell_completion import CompletionItem

    from artbench.runtime.files import read_json

    results = context.params.get("results") or Path("results")
    names = {read_json(file).get("protocol") for file in results.glob("records/*/*.json")}
    known = sorted(name for name in names if isinstance(name, str) and _WORD.fullmatch(name))
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


def _names(catalogue: Catalogue[Any], *, incomplete: str, trainable: bool) -> Iterator[tuple[str, str]]:
    from artbench.plugins.family_names import kept_names

    for _, spec in catalogue.specs():
        if not trainable or spec.method is not None:
            yield spec.name, spec.description
    for entry, family in catalogue.families():
        kept = kept_names(family, kind=catalogue.kind, distribution=entry.distribution)
        names = [name for name in kept if _WORD.fullmatch(name)]
        models = set(names)
        for name in names:
            # timm has a name for every set of weights of a model; these are offered once the dot is typed.
            if "." in incomplete or name.partition(".")[0] == name or name.partition(".")[0] not in models:
                yield name, family.description


def _variants(catalogue: Catalogue[BackboneSpec], incomplete: str) -> Iterator[tuple[str, str]]:
    """Offer the choices of a variant, after those that are written already."""
    name, _, written = incomplete.partition("@")
    before, comma, _ = written.rpartition(",")
    known = {choice.partition("=")[0] for choice in before.split(",")}
    offered: dict[str, Sequence[object]] = {"layer": (2,), "pool": _pools(name, known), "size": (224,)}
    for _, spec in catalogue.specs():
        offered |= dict(spec.variants) if spec.name == name else {}
    for key, values in sorted(offered.items()):
        for value in values if key not in known else ():
            yield f"{name}@{before}{comma}{key}={value}", "variant"


def _pools(name: str, chosen: Collection[str]) -> list[str]:
    """Offer the poolings that a network of this name may have; an attention pool is of the last layer alone."""
    tokens = _HAS_TOKENS.search(name) is not None
    attention = _HAS_ATTENTION_POOL.search(name) is not None and "layer" not in chosen
    left_out = (set() if tokens else {"cls", "cls+avg"}) | (set() if attention else {"map"})
    return [pool for pool in POOLS if pool not in left_out]
