"""What sees faces, number plates and codes in a picture, on what OpenCV's wheel holds."""
