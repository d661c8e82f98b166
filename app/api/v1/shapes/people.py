"""Shapes of people: what they may work, the groups they are in, and whether they are there."""

from typing import Annotated

from pydantic import Field

from app.api.v1.shapes.parts import Name, Shape


class AccessIn(Shape):
    """What is to be changed of a person's access; what is not named stays.

    A capacity of null is no limit, a vendor of null is one of our own.
    """

    roles: list[Name] | None = Field(None, min_length=1, max_length=10)
    skills: list[Name] | None = Field(None, max_length=64)
    queues: list[Name] | None = Field(None, max_length=64)
    capacity: Annotated[int, Field(ge=1, le=100)] | None = None
    vendor: Name | None = None


class GroupIn(Shape):
    """A group: what its members may work besides what is their own, and who they are."""

    name: Name
    skills: list[Name] = Field(default_factory=list, max_length=64)
    queues: list[Name] = Field(default_factory=list, max_length=64)
    members: list[Name] = Field(default_factory=list, max_length=500)


class PresenceIn(Shape):
    """Whether the person is there to work, and if not why."""

    state: str = Field(pattern="^(available|paused)$")
    reason: Annotated[str, Field(pattern="^(break|meeting|training|other)$")] | None = None
