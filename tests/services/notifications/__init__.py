"""The services of notifications on a real database."""
