"""The file as the catalogue wants it: pixels, profile and wanted metadata (encode.py)."""
