"""The parts of the infrastructure stack."""
