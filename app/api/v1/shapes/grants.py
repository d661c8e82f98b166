"""Shapes of grants: what is handed in to use one, and what is answered."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from app.api.v1.shapes.parts import Shape
from app.grants.rules import MAX_GRANT_LENGTH


class RedeemIn(Shape):
    """A grant that is to be used now, with the arguments that are about to be run or their digest."""

    grant: Annotated[str, Field(min_length=1, max_length=MAX_GRANT_LENGTH)]
    args: dict[str, Any] | None = None
    args_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _says_it_once(self) -> "RedeemIn":
        if self.args is not None and self.args_sha256 is not None:
            raise ValueError("give the arguments or their digest, not both")
        return self


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
