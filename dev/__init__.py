"""Tools for people who work on this tree; no part of the product."""
