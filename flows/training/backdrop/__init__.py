"""Trains the small generator of backdrops that ships with the package; never imported by a flow."""
