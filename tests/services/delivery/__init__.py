"""Tests of the services of delivery on a real database."""
