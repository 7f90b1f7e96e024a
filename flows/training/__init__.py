"""Recipes of the weights that the packages carry, so that they can be made again."""
