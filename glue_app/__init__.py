"""CDK app 2: the Glue jobs; holds no state and is deployed often."""
