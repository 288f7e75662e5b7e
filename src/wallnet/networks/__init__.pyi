from .callbacks import TrainOnLevels as TrainOnLevels
from .layers import digital_layers as digital_layers
from .mappings import read_levels as read_levels
from .programming import ProgrammedNetwork as ProgrammedNetwork
from .quantization import fold_batch_norm as fold_batch_norm
from .quantization import quantize as quantize
from .training import convert as convert
from .training import prepare_qat as prepare_qat
