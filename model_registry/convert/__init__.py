"""Published super-resolution networks as ONNX, once, by a person: their layouts written from their papers."""
