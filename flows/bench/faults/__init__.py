"""Faults planted at the boundaries of a run, from outside: the product knows nothing of them."""
