"""A/B of plans: variants, scores, paired statistics, the verdict, and how it is shown."""
