"""A deterministic simulation of the control plane under faults. See docs/simulation.md.

One scheduler, driven by a seed, decides whose step is next; time, chance and AWS are played here,
and everything else is the product itself.
"""
