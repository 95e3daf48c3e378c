"""Builds business-ready tables from the processed zone: current rows, SQL, staging, publishing."""
