"""Shapes of how people and chats are told."""

import re
from datetime import time
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from app.api.v1.shapes.parts import Name, Shape
from app.delivery.rules.urls import MAX_LENGTH

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _CLOCK.fullmatch(value):
        raise ValueError("must be a time of the day such as 07:30")
    return time.fromisoformat(value)


ClockTime = Annotated[
    time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": f"^({_CLOCK.pattern})$"})
]


class HabitsIn(Shape):
    """How I want to be told. What is left out is as if I had never chosen."""

    modes: dict[Name, Name] = Field(default_factory=dict, max_length=20)
    zone: Name = "UTC"
    daily_at: ClockTime = time(9, 0)
    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None


class ChatHookIn(Shape):
    """A chat channel's incoming webhook. No queues means every queue."""

    name: Name
    url: Annotated[str, Field(max_length=MAX_LENGTH)]
    kinds: list[Name] = Field(min_length=1, max_length=20)
    queues: list[Name] = Field(default_factory=list, max_length=100)
