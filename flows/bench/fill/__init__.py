"""Bench `fill`: the ladder of fill engines as the pipeline picks from it, against single classical engines."""
