"""Requests that a machine makes up from the description of the API."""
