"""Trains the upscale and clean-up networks that ship with the package; never imported by a flow."""
