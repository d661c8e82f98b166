"""Tests of what pages are made of, without a database."""
