"""The web server as a program: Granian, with the application loaded before it forks its workers.

So the workers share the memory of everything that is loaded, and the second one costs little. Where processes are not
forked (Python 3.14 on, macOS) each loads the application for itself, as it would have anyway.
Started by `proofdesk web` and by the supervisor.
"""

from granian.cli import entrypoint

import wsgi  # noqa: F401  # to be loaded, without a connection or a thread, is all that is wanted of it

if __name__ == "__main__":
    entrypoint()  # type: ignore[no-untyped-call]  # Granian annotates its own command with nothing
