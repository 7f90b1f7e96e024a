"""Bench `seam`: blends of one imperfect fill into a picture that still holds the removed object, against the known truth."""
