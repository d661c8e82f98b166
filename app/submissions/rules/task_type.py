"""Words of a task type: what it asks of whoever lets a high-risk action run, and what it asks for if it does not say.

Called by doors, intake and the desk.
"""

from typing import Final

# The reviewer types the action's name; or a second person approves too.
TYPED: Final = "typed"
SECOND_PERSON: Final = "second_person"
HIGH_RISK_CHECKS: Final = (TYPED, SECOND_PERSON)

# How old the latest input may be for a second to count.
USUAL_CAP_SECONDS: Final = 90
