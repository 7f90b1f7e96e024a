"""The recipe of the network that sees lettering laid over a picture: grounds, words, samples, training, export."""
