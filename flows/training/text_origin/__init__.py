"""The recipe of the model that tells overlay text from print in the picture: pictures, lettering, samples, training."""
