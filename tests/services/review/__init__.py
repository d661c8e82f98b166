"""Services of the flow out."""
