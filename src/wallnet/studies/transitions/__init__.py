"""Transitions: where pulses lead from every state in which a wall can rest."""
