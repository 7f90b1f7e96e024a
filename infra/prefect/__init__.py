"""What a Prefect server is told, as values and files that know nothing of Prefect's client: limits, job templates."""
