"""Policies: versioned rules of a task type that turn the facts of a submission into a route."""
