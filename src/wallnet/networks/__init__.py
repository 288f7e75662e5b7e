"""Networks whose weights are conductances of a synapse and whose activation is a neuron's curve.

`data` finds and checks the images, `model` is the network, `mappings` puts weights on levels,
`training` makes the stages of Table II, `commands` is their command line. Nothing here knows how
a device was simulated: a synapse is a list of levels, a neuron five coefficients.
"""
