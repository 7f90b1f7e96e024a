"""Tracking: what a run tells MLflow. Never in the way of a result: what cannot be sent waits in a spool."""
