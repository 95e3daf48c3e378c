"""Takes in what streams send: records land as files of raw, each once."""
