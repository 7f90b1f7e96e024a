"""Bench `tracking`: a run logged in one piece against a picture at a time, and what a killed process leaves findable."""
