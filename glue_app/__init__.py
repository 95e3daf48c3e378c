"""CDK app 2: the Glue jobs. Holds no state and is deployed often."""
