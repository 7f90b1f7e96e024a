"""What observing a sampling says, held against what is known; and what it costs."""
