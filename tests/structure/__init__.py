"""Tests about the shape of the code: what may stand where, and what every route, job, page and table must have."""
