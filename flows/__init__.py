"""What runs: the flows, the `pentimento` command, the review sheet."""

from infra.privacy import tell_nobody

tell_nobody()  # here, because whatever starts a flow imports this first
