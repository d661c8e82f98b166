"""Tests of rates and prices."""
