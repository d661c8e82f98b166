"""Services of the queue."""
