"""Bench `synthesis`: whether generated backdrops show what their prompts say."""
