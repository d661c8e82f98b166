"""Tests of the workers and of the doors that they use: real sockets on loopback, a real Redis, real processes."""
