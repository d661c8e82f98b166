"""Shapes of what is asked of the queue doctor."""

from pydantic import Field, model_validator

from app.api.v1.shapes.parts import Query


class DoctorQuery(Query):
    """One of a person, a queue and an item; without any, the person who asks."""

    person: str | None = Field(None, max_length=100)
    queue: str | None = Field(None, max_length=100)
    item: str | None = Field(None, max_length=100)

    @model_validator(mode="after")
    def _one_patient(self) -> "DoctorQuery":
        if sum(one is not None for one in (self.person, self.queue, self.item)) > 1:
            raise ValueError("ask for one of person, queue and item")
        return self
