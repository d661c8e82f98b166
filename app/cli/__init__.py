"""The command line `proofdesk`: run the service or its parts, and do what only an operator may."""

import click

from app import logs
from app.cli.demo import demo
from app.cli.grants import signing_key
from app.cli.identity import key, person, workspace
from app.cli.ledger import ledger
from app.cli.measuring import measure_recording
from app.cli.operate import migrate, ready, verify, web, worker
from app.cli.prices import prices
from app.cli.programs import export, submit
from app.cli.rewrap import rewrap
from app.cli.trail import audit
from app.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="proofdesk")
def main() -> None:
    """Human review of language model outputs, with every second booked as cost."""


for command in (
    up,
    web,
    worker,
    ready,
    migrate,
    verify,
    demo,
    workspace,
    person,
    key,
    signing_key,
    rewrap,
    audit,
    ledger,
    prices,
    submit,
    export,
    measure_recording,
):
    main.add_command(command)


def start() -> None:
    """Run as a program: what is logged on the way goes to standard error, never among what a command prints."""
    logs.configure("WARNING")
    main()
