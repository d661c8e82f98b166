"""Services of identity."""
