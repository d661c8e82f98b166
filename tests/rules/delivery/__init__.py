"""Tests of the pure rules of delivery."""
