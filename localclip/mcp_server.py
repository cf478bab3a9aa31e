"""The MCP server: the tools, and failures in words that say what to do."""

from collections.abc import Callable
from importlib.metadata import version
from inspect import getdoc
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations

from localclip.errors import LocalClipError
from localclip.mcp_batches import BatchTools
from localclip.mcp_tools import Tools
from localclip_client import Client

_INSTRUCTIONS = """\
LocalClip dubs videos: it finds who speaks and what they say, translates it, and speaks it in their voices, in time with
the picture.

The usual way: dub a file, wait_for_task until it ended, look at the gate of each language, read review_lines, mend
lines with edit_line, speak them with redub, mix with process_task, then download or export. A folder of videos is one
batch: dub_folder, wait_for_batch, download_batch; each task of list_batch_videos is like any other. Every answer about
a task or a batch says in `next` what can be done now. Paths are absolute and on the machine of this server; no file is
overwritten unless that is asked for."""


class _Server(MCPServer[None]):
    """Tells what a person or an agent can do something about; anything else stays a failure of the tool."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Raises: ToolError, with the reason of the gateway or the file system."""
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError as error:
            if isinstance(error.__cause__, (LocalClipError, OSError)):
                raise ToolError(str(error.__cause__)) from error
            raise


def create_server(client: Client) -> MCPServer[None]:
    """A server whose tools speak to the gateway of `client`."""
    server = _Server("localclip", instructions=_INSTRUCTIONS, version=version("localclip"), log_level="WARNING")
    for annotations, methods in _tools(Tools(client), BatchTools(client)):
        for method in methods:
            server.add_tool(method, description=getdoc(method), annotations=annotations)
    return server


def _tools(tools: Tools, batches: BatchTools) -> tuple[tuple[ToolAnnotations, tuple[Callable[..., Any], ...]], ...]:
    """What each tool does to the world, which hosts ask their people about."""
    return (
        (
            ToolAnnotations(read_only_hint=True, open_world_hint=False),
            (
                tools.get_task,
                tools.wait_for_task,
                tools.list_tasks,
                tools.list_lines,
                tools.review_lines,
                tools.list_takes,
                tools.list_voices,
                tools.list_recipes,
                batches.plan_folder,
                batches.get_batch,
                batches.wait_for_batch,
                batches.list_batches,
                batches.list_batch_videos,
            ),
        ),
        (
            ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False),
            (
                tools.dub,
                tools.process_task,
                tools.retry_task,
                tools.answer_question,
                tools.approve,
                tools.redub,
                tools.undo_edit,
                batches.dub_folder,
                batches.send_batch,
                batches.pause_batch,
                batches.resume_batch,
                batches.retry_batch,
            ),
        ),
        (
            ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False),
            (
                tools.edit_line,
                tools.choose_take,
                tools.cancel_task,
                batches.cancel_batch,
                batches.download_batch,
                tools.export,
                tools.download_export,
                tools.download,
            ),
        ),
    )
