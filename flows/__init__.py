"""What runs: the flows, the `pentimento` command, the review sheet."""
