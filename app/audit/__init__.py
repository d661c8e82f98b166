"""The trail: who did what to which thing when, never updated, never deleted."""
