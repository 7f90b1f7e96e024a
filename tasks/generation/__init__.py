"""Generation: new pixels for a region. Context, the choice of rung, the call to a ready engine."""
