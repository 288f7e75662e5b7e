"""Networks with weights from the conductances of a synapse and activations from a neuron's curve.

`fetching` finds the images, `images` reads them and `batches` splits them. `model` defines the
models and `classifier` trains them. `mappings` relates weights to levels, `quantization` puts any
model on levels, and `callbacks` acts between the training steps. `stages` computes the stages of
Table II, `evaluation` measures them, `storage` and `programming` write them. `commands` is the
command line. This package does not depend on how a device was simulated: a synapse is a list of
conductances, a neuron a curve.
"""
