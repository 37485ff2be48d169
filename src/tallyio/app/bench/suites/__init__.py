"""One file a part of the hot path; each has ``run(setting)``, which yields the rows it measures."""
