"""The recipe of the coverage network that takes semi-transparent overlays off: samples, network, training."""
