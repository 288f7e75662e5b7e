"""Barriers: the energy between the states of a synapse, and which states are retained."""
