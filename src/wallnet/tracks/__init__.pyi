from .films import layer as layer
from .ubermag import system as system
from .walls import placed_wall as placed_wall
from .walls import wall_ends as wall_ends
