"""The command line."""

from __future__ import annotations

import sys

import typer

from mtlspec.cli.affinity import affinity
from mtlspec.cli.arguments import Extensions
from mtlspec.cli.backends import backends
from mtlspec.cli.baseline import baseline
from mtlspec.cli.command import BAD_INPUT, INTERRUPTED, Command, complain
from mtlspec.cli.compare import compare
from mtlspec.cli.evaluate import evaluate
from mtlspec.cli.init import init
from mtlspec.cli.predict import predict
from mtlspec.cli.record import record
from mtlspec.cli.render import render
from mtlspec.cli.schema import schema
from mtlspec.cli.several import BackendsCommand, BalancersCommand
from mtlspec.cli.show import show
from mtlspec.cli.train import train
from mtlspec.cli.validate import validate
from mtlspec.cli.verify import verify
from mtlspec.errors import MtlspecError
from mtlspec.extension_source import import_extension

app = typer.Typer(
    help="One document for a multi-task model; an ordinary Keras and an ordinary PyTorch model that train alike.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def before(extension: Extensions = None) -> None:
    """Import extensions before a command runs."""
    try:
        for source in extension or ():
            import_extension(source)
    except MtlspecError as error:
        complain(str(error))
        raise typer.Exit(BAD_INPUT) from None


plain = app.command(cls=Command)
plain(validate)
plain(render)
plain(show)
plain(train)
plain(evaluate)
plain(predict)
app.command(cls=BackendsCommand)(compare)
app.command(cls=BackendsCommand)(verify)
app.command(cls=BalancersCommand)(baseline)
plain(affinity)
plain(record)
plain(schema)
plain(init)
plain(backends)


def main() -> None:
    """Run the command line: exit 0 when all is well, 2 for bad input, 130 after Ctrl-C."""
    try:
        app(prog_name="mtlspec")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
