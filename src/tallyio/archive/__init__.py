"""Real blocks on disk, with all that it takes to execute them again: format, import, fetch."""
