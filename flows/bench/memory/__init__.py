"""Bench `memory`: whether a run's peak of memory grows with its catalogue."""
