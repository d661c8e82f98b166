"""Pure rules of review: what votes come to, and which answers are the same."""
