"""Bench `fullsize`: the published architectures at their full size, with random weights, through the production loader."""
