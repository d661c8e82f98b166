"""Commands that need neither a database nor a service."""
