"""The review sheet: a run as one self-contained HTML file."""
