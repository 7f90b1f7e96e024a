"""The walk of one picture through its plan: each step joins a pure stage to the store, the records and the engines."""
