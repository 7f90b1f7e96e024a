"""Bench `anchored`: what each ingredient of the anchored fill is worth on structured photographs."""
