"""The command line: serve, migrate, worker, study, export, import, token, backup, purge, demo.

What a command needs is imported when it runs: `beliefgrid --help` must not wait for numpy.
"""

import typer

from beliefgrid.cli import service, studies, tokens
from beliefgrid.cli.ending import told
from beliefgrid.demo.cli import demo

app = typer.Typer(
    help="Bayesian search over a grid of hyperparameters, with a posterior you can watch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(studies.app, name="study")
app.add_typer(tokens.app, name="token")
for command in (
    service.serve,
    service.migrate,
    service.worker,
    service.backup,
    service.restore,
    service.purge,
    demo,
):
    app.command()(command)
app.command("export")(studies.export_study)
app.command("import")(studies.import_study)


@app.command()
def version() -> None:
    """Print the version."""
    from beliefgrid import __version__

    typer.echo(__version__)


def main() -> None:
    """Run the command line; what a user can put right is one sentence, not a traceback."""
    with told():
        app()
