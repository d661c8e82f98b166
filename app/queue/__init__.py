"""What waits: queues, items and the claims that lend an item to one reviewer at a time."""
