"""Servers that run on this machine without root, for tests and for `pentimento stack up`."""
