"""Finds how IMDN's values are told in 8 bits: model_registry/convert/imdn_int8.toml."""
