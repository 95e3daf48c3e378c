"""Policies under which CloudFormation deploys, and the boundaries of the roles that it makes."""
