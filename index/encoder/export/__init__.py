"""Models exported for onnxruntime: once, compared, and known again by their content."""
