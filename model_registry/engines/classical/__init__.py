"""Engines written in numpy, scipy and OpenCV: no weights."""
