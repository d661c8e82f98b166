"""Pure rules of notifications: who is told, when it may leave, what it says, and what an answer to it means."""
