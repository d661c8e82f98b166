"""The measuring itself: that it runs, and that its sums are right. What it finds is no test."""
