"""Bench `orchestration`: what Prefect, the store and MLflow cost over a plain loop of the same stage functions."""
