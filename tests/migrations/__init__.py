"""Tests of the steps that make the schema, on a real PostgreSQL."""
