"""Bench `upscale`: pictures made larger, held against the truth, against other ways, and against the clock."""
