"""Results → matplotlib figures; none of these functions touches the disk or a global state.

Matplotlib is loaded here, as it is by default, and says nothing of where it keeps its caches.
"""

import logging

from .. import environment

logging.getLogger("matplotlib").addHandler(logging.NullHandler())
with environment.without_settings():
    import matplotlib as matplotlib
