"""Services of the flow in."""
