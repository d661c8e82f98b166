"""Reads of notifications, and the reads across people, queues and items that say whom something concerns."""
