"""The demo's sample catalogue, made from scikit-image's own photographs, and the scoring against its known truth."""
