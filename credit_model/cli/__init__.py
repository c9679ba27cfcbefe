"""The command line, ``credit-model``: each command reads the files of the one before.

A mistake of the user's ends with one line and exit code 1, wrong usage with exit code 2, a fault of the program with a
short report and exit code 70; none with a traceback.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from credit_model.cli import shell

#: Command -> (the module that holds it, its line in ``--help``); the module is loaded when the command is called.
_COMMANDS = {
    "simulate": ("data", "Make a portfolio whose true causes are known."),
    "convert": ("data", "Turn a public data set on your disk into a history table."),
    "draft": ("draft", "Draft a catalogue from your own data."),
    "check": ("data", "Check histories against their catalogue, and say what is in them."),
    "partition": ("partition", "Partition histories of any size by borrower, for the commands to go by blocks."),
    "train": ("model", "Train a limit-tier model on histories."),
    "evaluate": ("model", "Test a model on borrowers and months that it never saw."),
    "predict": ("model", "Predict each borrower's limit tier."),
    "explain": ("explain", "Explain every limit decrease, exactly, by factor."),
    "why": ("why", "The whole answer about one limit decrease, in words."),
    "plan": ("plan", "What brings a limit back, and when."),
    "watch": ("watch", "Which limits are likely to be cut next, and why."),
    "plot": ("plot", "Draw explained decreases."),
    "export": ("export", "Take an additive model away as a scorecard: points, SQL, JSON, PMML."),
    "notice": ("documents", "Write the notice of one limit decrease for the borrower."),
    "report": ("documents", "Write a page for every decrease, and an index over them."),
    "appeal": ("appeal", "Appeals: evidence, re-evaluation, decision and letter, with a log that proves them."),
    "desk": ("desk", "Serve the officers' pages about appeals (the extra 'desk')."),
    "desk-user": ("desk", "Users of the web desk: who may sign in, in which role."),
    "grade": ("grade", "Hold explanations against the simulator's truth."),
    "demo": ("demo", "Explain your own data, or simulated data, in a few minutes."),
}


class _Commands(click.Group):
    """Loads commands late, and turns the user's mistakes into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"credit_model.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with shell.prepared():
                return super().main(*args, **kwargs)
        except KeyboardInterrupt:  # before click has begun to look out for it
            shell.end("stopped")

    def invoke(self, ctx: click.Context) -> Any:
        with shell.mistakes_in_one_line():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="credit-model")
def main() -> None:
    """Why a credit limit fell: exact, by factor, from the borrower's own earlier snapshot.

    \b
    The line of work:  simulate | convert | draft -> check -> train -> evaluate -> explain, why -> plan, watch, plot,
                       notice, report -> appeal, desk
    Try it all:        credit-model demo --out demo
    With own data:     credit-model demo --data cards.csv --out explained
    Of any size:       partition -> check, train, evaluate, predict, explain, watch, report (--dask for a cluster)
    """
