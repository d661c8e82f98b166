"""What the ledgers say: read-only joins for pages, exports and the API, and the checks of a live system."""
