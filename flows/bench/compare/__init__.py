"""Bench `compare`: whether the verdict finds what is better, and leaves alone what is equal."""
