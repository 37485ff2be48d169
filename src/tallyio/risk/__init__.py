"""May this be done? Pure functions of records: no I/O, no clock."""
