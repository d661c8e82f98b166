"""Adjustments of the ledger: reversals and new entries beside what was measured. One asks for them, another grants."""
