"""What the notebooks call: a thin layer of JAX under a paper on superposition."""
