"""Pictures at the door: safe decoding (decode.py) and cheap facts (facts.py)."""
