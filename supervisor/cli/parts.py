"""Groups of commands of which only the one that is called is imported, not even for the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Part(NamedTuple):
    """One command of a group."""

    module: str  # of this package
    says: str  # its line in the list, which fits in one
    function: str = ""  # there; the name of the command unless it is said


class PartsGroup(click.Group):
    """Importing every command takes ten times as long as most of them run."""

    def __init__(self, *args: Any, parts: Mapping[str, Part], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = parts

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        part = self.parts.get(cmd_name)
        if part is None:
            return None
        found: click.Command = getattr(import_module(f"supervisor.cli.{part.module}"), part.function or cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click looks for what was meant among the commands that are imported
            raise click.NoSuchCommand(error.command_name, possibilities=self.parts, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, part.says) for name, part in self.parts.items()])
