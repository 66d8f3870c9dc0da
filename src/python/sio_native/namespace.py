"""python-socketio's own `namespace`."""

from typing import TYPE_CHECKING

from .upstream import become

if TYPE_CHECKING:
    from socketio.namespace import ClientNamespace as ClientNamespace
    from socketio.namespace import Namespace as Namespace

become(__name__, "socketio.namespace")
