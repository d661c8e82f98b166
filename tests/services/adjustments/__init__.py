"""Tests of corrections of the ledger."""
