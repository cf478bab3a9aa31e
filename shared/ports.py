"""Free ports, for servers of the product and of tests beside each other."""

import secrets
import socket
from collections import deque

# Below the ports that systems give to outgoing connections (Linux: 32768 on): while nobody listens yet, or a server is
# stopped to be started again, none of these takes its place.
_PORTS = range(15_000, 32_000)
_MARKS = 100
_marks: deque[socket.socket] = deque()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on and that no other process is given by this function.

    A UDP socket of the same number marks it until this process ends or has asked for a hundred others.
    """
    while True:
        port = secrets.choice(_PORTS)
        mark = socket.socket(type=socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
        else:
            _marks.append(mark)
            if len(_marks) > _MARKS:
                _marks.popleft().close()
            return port
