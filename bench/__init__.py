"""Measure the queue: how claims, and the loop of a reviewer over HTTP, fare as the backlog and the crowd grow.

`python -m bench` starts servers of its own, fills them, lets processes act as reviewers, and writes ratios: a figure
means something only beside another one of the same run on the same machine. RESULTS.md holds the last full run.
Nothing of the product imports it.
"""
