"""From a file of a known format to a ``BlockActivity``."""
