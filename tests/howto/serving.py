"""A web server on a socket, as its unit runs it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.howto.house import House


@contextmanager
def web(house: House, name: str) -> Iterator[str]:
    """Run a web server: yield its socket once it is ready, and end it gracefully after the block."""
    socket = f"{house.folder}/{name}.sock"
    with house.running("proofdesk", "web", "--workers", "1", "--socket", socket):
        house.run(f"proofdesk ready --socket {socket} --wait 60")
        yield socket
