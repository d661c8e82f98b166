"""Reports, and the checks of a live system."""
