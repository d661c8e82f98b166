"""Tests of Proofdesk."""
