"""Benches: each measures against a rival in the same run and prints one object."""
