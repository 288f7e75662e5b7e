import copy

import pytest
import torch
from helpers.training import free

from wallnet.config import ConfigError
from wallnet.networks import storage
from wallnet.networks.callbacks import KeepOnLevels
from wallnet.networks.mappings import MAPPINGS
from wallnet.networks.model import Classifier


def test_limited_weights_stay_within_their_limit(networks, images, place, tmp_path):
    recipe = networks.recipes["plain"]
    limited = recipe.fp32.model_copy(update={"weight_limit": 0.5})
    narrow = networks.model_copy(
        update={"recipes": {"plain": recipe.model_copy(update={"fp32": limited})}}
    )
    _, checkpoint = free(narrow, images, place, tmp_path)
    for layer in storage.load_network(checkpoint).layers.values():
        assert layer.weight.abs().max() <= 0.5 / layer.in_features**0.5 * (1 + 1e-6)


def test_a_diverging_loss_names_the_key(networks, images, place, tmp_path):
    recipe = networks.recipes["plain"]
    wild = networks.model_copy(
        update={
            "recipes": {
                "plain": recipe.model_copy(
                    update={"fp32": recipe.fp32.model_copy(update={"learning_rate": 1e37})}
                )
            }
        }
    )
    with pytest.raises(ConfigError, match=r"networks\.recipes\.plain\.fp32\.learning_rate"):
        free(wild, images, place, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_hidden_weights_stay_between_the_outermost_levels():
    """They are clipped on both sides, in each layer to its own outermost levels."""
    network = Classifier(3, 2, 2, (0, 1, 0, 0, 0), 10.0)
    mapping = MAPPINGS["layer"](torch.tensor([0.0, 0.2, 1.0]))
    with torch.no_grad():
        network.hidden.weight.copy_(torch.tensor([[-0.3, 0.0, 0.1], [0.2, 0.5, -0.1]]))
        network.output.weight.copy_(torch.tensor([[-1.0, 0.0], [0.2, 2.0]]))
        circuits = {n: mapping.circuit_for(layer.weight) for n, layer in network.layers.items()}
    callback = KeepOnLevels(mapping, circuits)
    callback.on_fit_start(None, network)
    callback.on_before_optimizer_step(None, network, None)
    with torch.no_grad():
        network.hidden.weight += torch.tensor([[-5.0, 0.0, 5.0], [0.0, 5.0, -5.0]])
        network.output.weight += torch.tensor([[-5.0, 0.0], [0.0, 5.0]])
    callback.on_train_batch_end(None, network)
    hidden, output = callback.hidden["hidden"], callback.hidden["output"]
    torch.testing.assert_close(hidden, torch.tensor([[-0.3, 0.0, 0.5], [0.2, 0.5, -0.3]]))
    torch.testing.assert_close(output, torch.tensor([[-1.0, 0.0], [0.2, 2.0]]))
    # the weights that the network uses: -0.3 + 0.8 · {0, 0.2, 1}
    snapped = torch.tensor([[-0.3, -0.14, 0.5], [0.5, 0.5, -0.3]])
    torch.testing.assert_close(network.hidden.weight.detach(), snapped)


def test_keeping_on_levels_moves_the_hidden_weights():
    network = Classifier(3, 2, 2, (0, 1, 0, 0, 0), 10.0)
    mapping = MAPPINGS["layer"](torch.linspace(0, 1, 3))
    before = copy.deepcopy(network)
    with torch.no_grad():
        circuits = {n: mapping.circuit_for(layer.weight) for n, layer in network.layers.items()}
    callback = KeepOnLevels(mapping, circuits)
    callback.on_fit_start(None, network)
    torch.testing.assert_close(callback.hidden["hidden"], before.hidden.weight.detach())
    callback.on_before_optimizer_step(None, network, None)
    torch.testing.assert_close(network.hidden.weight, before.hidden.weight)
    with torch.no_grad():
        network.hidden.weight += 100.0
    callback.on_train_batch_end(None, network)
    top = circuits["hidden"].offset + circuits["hidden"].scale
    torch.testing.assert_close(network.hidden.weight.detach(), top.expand(2, 3))
    torch.testing.assert_close(callback.hidden["hidden"], top.expand(2, 3))
