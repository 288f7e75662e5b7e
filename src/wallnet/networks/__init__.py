"""Networks with weights from the conductances of a synapse and activations from a neuron's curve.

`fetching` finds the images, `images` reads them and `batches` splits them. `model` defines the
network, `mappings` puts weights on levels and `callbacks` acts between the training steps.
`stages` computes the stages of Table II, `evaluation` measures them and `storage` writes them.
`commands` is the command line. This package does not depend on how a device was simulated: a
synapse is a list of levels, a neuron five coefficients.
"""
