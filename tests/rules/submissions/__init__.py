"""Pure rules of submissions."""
