"""The connector for HTTP APIs."""
