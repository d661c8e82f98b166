"""Numbered steps of the database's schema. A step imports no models: it must read the same in ten years."""
