"""CloudFormation's resource types that moto lacks or gets wrong, and those without effect."""
