"""Who is asking: workspaces, people and their roles, sessions, one-time links and API keys."""
