"""The command line: parses, calls ``tallyio.app``, prints. Holds no logic."""
