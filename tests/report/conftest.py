"""Gathered devices with exactly known walls."""

from helpers.walls import gathered_once

neuron, synapse, track = map(gathered_once, ("neuron", "synapse", "track"))
