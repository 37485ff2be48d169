"""A profile of compiled kernels, line by line, on a machine that has nothing but this project."""
