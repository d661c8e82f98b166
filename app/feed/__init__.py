"""The feed: every final decision in one order for each workspace, readable again from any place."""
