"""Policy: whether a region may be edited, by its wording, its place and what detectors see under it. Fails closed."""
