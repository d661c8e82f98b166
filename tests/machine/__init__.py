"""A machine that makes anything happen to items in any order, and a plain model that says what must come of it."""
