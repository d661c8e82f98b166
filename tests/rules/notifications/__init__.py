"""The pure rules of notifications: by tables, by properties, and with hostile names."""
