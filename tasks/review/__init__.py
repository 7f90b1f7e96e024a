"""What people decide about pictures that wait: events, their log, what they add up to, and what is visible after."""
