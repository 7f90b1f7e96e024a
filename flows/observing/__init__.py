"""Observed samplings as people see them: words and where they lit, the steps, the settling curves; for sheet, MLflow, notebook."""
