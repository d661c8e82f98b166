"""Tests of what every domain stands on."""
