"""Tests of services on a real PostgreSQL: a savepoint per test, rolled back afterwards."""
