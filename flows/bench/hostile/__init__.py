"""Bench `hostile`: what comes from outside, bent on purpose, against the product's own entrances."""
