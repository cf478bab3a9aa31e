"""The command that lets an agent work with a gateway."""

from importlib.util import find_spec

from localclip.errors import LocalClipError
from localclip.terminal import Key, Server, connect


def mcp(server: Server = None, api_key: Key = None) -> None:
    """Serve an agent over standard input and output by the Model Context Protocol (MCP).

    An agent is configured with the command `localclip` and the argument `mcp`; with LOCALCLIP_SERVER and
    LOCALCLIP_API_KEY it works with a gateway elsewhere.
    """
    if find_spec("mcp") is None:
        raise LocalClipError("the MCP SDK is not installed; install it with: pip install 'localclip[mcp]'")
    from localclip.mcp_server import create_server

    with connect(server, api_key) as client:
        create_server(client).run("stdio")
