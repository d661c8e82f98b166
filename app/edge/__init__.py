"""Around every request: who asks, what is allowed, one unit of work, and errors as problems or pages."""
