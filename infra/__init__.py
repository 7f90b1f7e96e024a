"""Settings, the artifact store, tracking: everything that talks to the outside."""
