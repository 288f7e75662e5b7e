"""Jobs: the part of the configuration that each computation needs, as canonical JSON."""
