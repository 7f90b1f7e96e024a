"""Trains the small network that fills thin and small holes."""
