"""Groups of commands: their help, and commands that are imported only when they are called."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """A group whose help has whole sentences."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first sentence of its help, however narrow the terminal."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(limit=10_000))
            for name, command in commands
            if command and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class LazyGroup(Group):
    """A group that imports none of its commands, `package.module:function` in the order of the help, before a call."""

    def __init__(self, *args: Any, commands_at: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in order."""
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None if there is none of that name."""
        if cmd_name not in self._at:
            return None
        module, _, attribute = self._at[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, but name the nearest commands if there is no such command."""
        if args[0] not in self._at and not ctx.resilient_parsing and not args[0].startswith("-"):
            near = get_close_matches(args[0], self._at) or list(self._groups_with(args[0], ctx))
            mend = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(self._at)}."
            raise click.UsageError(f"there is no command {args[0]!r}. {mend}", ctx)
        return super().resolve_command(ctx, args)

    def _groups_with(self, name: str, ctx: click.Context) -> Iterator[str]:
        """Yield how a command is called that is one of a group here, such as `leaderboard verify`."""
        for group in self._at:
            command = self.get_command(ctx, group)
            if isinstance(command, click.Group) and name in command.list_commands(ctx):
                yield f"{group} {name}"
