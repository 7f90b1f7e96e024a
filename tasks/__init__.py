"""Stages, their contracts, the planner and the thin Prefect tasks around them."""
