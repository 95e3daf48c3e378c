"""CDK app 1: what lives long and holds state."""
