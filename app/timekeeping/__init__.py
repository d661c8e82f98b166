"""Reviewer time: beats become segments, segments become append-only time entries."""
