"""The private servers and their supervisor, with real processes that are really killed."""
