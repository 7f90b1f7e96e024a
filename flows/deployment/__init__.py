"""What makes a bare Prefect server ready for the flows: work pool, limits, automation, deployments."""
