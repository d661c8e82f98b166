"""`python -m app` is `proofdesk`."""

from app.cli import start

start()
