"""CDK app 1: long-lived resources that hold state."""
