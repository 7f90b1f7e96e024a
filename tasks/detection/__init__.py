"""Detection: where the edit goes. Masks from a person's spec, regions from masks and from text lines."""
