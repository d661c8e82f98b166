"""The flow in: a submission is read, routed, kept, and passes, is blocked, or waits in a queue."""
