"""Keeping house: what may be deleted, how large everything is, where a file came from, and under which licences."""
