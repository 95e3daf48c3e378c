"""The parts of the application stack."""
