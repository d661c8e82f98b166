"""Services of the trail."""
