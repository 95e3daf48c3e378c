"""The services of AWS that the control plane calls, played in memory.

Each takes an operation's parameters as boto3 has them and gives its answer, or refuses as the
service does. A parameter that nobody plays is an error, not a silence. `tests/simulation/` holds
them to moto.
"""
