"""Networks whose weights are conductances of a synapse and whose activation is a neuron's curve.

`images` reads the images and `fetching` finds them, `batches` splits them, `model` is the network,
`mappings` puts weights on levels, `callbacks` are what happens beside the training steps, `stages`
makes the stages of Table II, `evaluation` measures and `storage` writes them; `commands` is their
command line. Nothing here knows how a device was simulated: a synapse is a list of levels, a neuron
five coefficients.
"""
