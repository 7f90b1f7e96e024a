"""Enhancement: grain after a blend, and upscaling."""
