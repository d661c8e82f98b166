"""Doors out: the job queue and the HTTP client that reaches endpoints. Each does one thing and decides nothing."""
