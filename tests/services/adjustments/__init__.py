"""Tests of adjustments of the ledger."""
