"""The demonstration: its data, its policies, and its client against a service that only speaks the interface."""
