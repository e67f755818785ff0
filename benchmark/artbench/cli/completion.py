"""`artbench completion`: the script by which a shell completes commands, options and names."""

import click

from artbench.cli.options import debug_option

SHELLS = ("bash", "zsh", "fish")


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
