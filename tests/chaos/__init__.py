"""The whole service under SIGKILL."""
