"""Permissions that calls need: action, resources and condition keys, one module per service."""
