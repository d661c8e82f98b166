"""Run a coroutine to its end beside a browser test: those keep a loop of their own running in the test's thread."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_async(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns, from a loop in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(begin())).result()
