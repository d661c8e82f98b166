"""Rules of the queue."""
