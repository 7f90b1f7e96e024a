"""Engine cards, the registry over them, and the pool of loaded engines."""
