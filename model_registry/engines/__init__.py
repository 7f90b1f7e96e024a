"""Engines by runtime, and the one wrapper that feeds them pixels."""
