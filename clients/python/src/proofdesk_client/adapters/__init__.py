"""Frameworks whose tool calls wait at the desk; each file needs the extra of its name."""
