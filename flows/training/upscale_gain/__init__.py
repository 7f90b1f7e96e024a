"""Fits what routing expects of each upscaler: tasks/enhancement/gain.toml."""
