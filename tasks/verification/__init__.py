"""Verification: what can be measured of an edited region, and the thresholds it is held against."""
