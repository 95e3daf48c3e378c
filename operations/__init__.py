"""What people and pipelines do to accounts and environments: one command line, `operations`."""
