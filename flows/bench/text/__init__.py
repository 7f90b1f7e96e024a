"""The bench of overlay text removal: a self-rendered truth set, its measures, and a page of the worst cases."""
