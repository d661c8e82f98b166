"""Shapes of what is done with items outside a claim."""

from app.api.v1.shapes.parts import Note, PersonName, Shape


class AssignIn(Shape):
    """Who gets an item: a person's id or e-mail address, or null for everybody."""

    to: PersonName | None
    note: Note | None = None
