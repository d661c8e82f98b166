"""The package for programs, against a real server."""
