"""The demo's sample catalogue, made from scikit-image's photographs, and the scoring against its truth."""
