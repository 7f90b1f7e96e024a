"""Blending: a fill joined to its picture, by a blend engine, within a write zone."""
