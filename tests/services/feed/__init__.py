"""Services of the feed."""
