"""Shapes of grants: what is handed in to use one, and what is answered."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.v1.shapes.parts import Shape
from app.grants.rules import MAX_GRANT_LENGTH


class RedeemIn(Shape):
    """A grant that is to be used now, with the arguments that are about to be run or their digest."""

    grant: Annotated[str, Field(min_length=1, max_length=MAX_GRANT_LENGTH)]
    args: dict[str, Any] | None = None
    args_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class Redeemed(BaseModel):
    """A grant that was used just now, for the first time."""

    id: str
    submission_id: str
    decision_id: str
    call_id: str
    name: str
    args_sha256: str
    redeemed_at: str


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]]
