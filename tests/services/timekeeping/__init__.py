"""Services of reviewer time."""
