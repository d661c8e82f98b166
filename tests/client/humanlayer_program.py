"""A program that was written for HumanLayer, unchanged: `python humanlayer_program.py`, told by the environment where.

Prints one line of JSON: what the guarded function and the question came to. Started by the tests of the SDK's routes.
"""

import json
import sys
import time

from humanlayer import HumanLayer, ResponseOption

# The SDK looks every three seconds; this program has less time.
layer = HumanLayer(run_id="run-1", sleep=lambda _seconds: time.sleep(0.05))


@layer.require_approval(reject_options=[ResponseOption(name="too_much", title="Too much")])
def refund(amount: int, to: str) -> str:
    """Pay back."""
    return f"paid {amount} to {to}"


if sys.argv[1] == "approve":
    sys.stdout.write(json.dumps(refund(amount=15, to="jo")))
else:
    ask = layer.human_as_tool(response_options=[ResponseOption(name="yes"), ResponseOption(name="no")])
    sys.stdout.write(json.dumps(ask("Shall I?")))
