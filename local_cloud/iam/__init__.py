"""Policies of AWS IAM: whether they allow a request, and which statement says so. Pure."""
