"""Races: threads that really commit against one another."""
