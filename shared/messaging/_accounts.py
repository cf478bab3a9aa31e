"""Who may publish and receive what on the broker: a user for each service, one that only reads, one that sends
commands.

The whole configuration of nats-server for them is rendered here, for the local stack, docker-compose.yml and the chart
alike, from the same names that streams and workers use.

    account LOCALCLIP    the gateway, which alone makes streams and consumers; one user per stage; progress
    account AUTOMATION   the operator's own programs: facts come in, nothing gets out
    account OPERATOR     the operator's own programs: commands get out, their answers come in, and nothing else

The other accounts are needed for security. A server checks what a user publishes, but not where a reply goes: anybody
who may query a stream can name `localclip.results.export` as the inbox, and the reply is stored there as a message.
Across accounts, the reply stays in the account that asked. Therefore a reader, who shares no account with the sender of
commands, cannot have a fact delivered as a command.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.messaging import _subjects as names
from shared.messaging._streams import (
    ADVISORIES_CONSUMER,
    BUCKETS,
    RESULTS_CONSUMER,
    Provisioning,
    bucket_stream,
    streams,
)
from shared.pipeline import Lane, Stage

ACCOUNT, READERS, OPERATORS = "LOCALCLIP", "AUTOMATION", "OPERATOR"
_API, _ACK, _INBOX = "$JS.API", "$JS.ACK", "_INBOX"
_COMMANDS = f"{names.COMMANDS_PREFIX}.*"
_ANSWERS = "_R_.>"
"""The subject through which nats-server passes replies to another account."""
_TO_KEEP_STREAMS = ("CREATE", "UPDATE", "INFO", "MSG.GET", "MSG.DELETE")


class Role(StrEnum):
    """A user of the broker; a service's user has the name of the service."""

    GATEWAY = "gateway"
    PROGRESS = "progress"
    DIARIZER = "diarizer"
    TRANSLATOR = "translator"
    CLONER = "cloner"
    EXPORTER = "exporter"
    AUTOMATION = "automation"
    OPERATOR = "operator"

    @property
    def variable(self) -> str:
        """The environment variable with its password, if a deployment generates one for each."""
        return f"NATS_{self.upper()}_PASSWORD"


STAGE_OF: Mapping[Role, Stage] = {
    Role.DIARIZER: Stage.DIARIZATION,
    Role.TRANSLATOR: Stage.TRANSLATION,
    Role.CLONER: Stage.CLONING,
    Role.EXPORTER: Stage.EXPORT,
}


_OF_THEIR_CLIENT = {Role.GATEWAY, Role.AUTOMATION, Role.OPERATOR}


@dataclass(frozen=True)
class Rights:
    """Subjects a user may publish to and subscribe to; everything else is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def inbox_prefix(user: str) -> str:
    """Where replies to a user go: each user has its own place, so that no service receives another's.

    The gateway's is the default of every client, which the framework's pull subscriptions use in any case; so is that
    of programs of the operator, each in an account of its own.
    """
    return f"{_INBOX}_{user}" if user in set(Role) - _OF_THEIR_CLIENT else _INBOX


def rights(role: Role) -> Rights:
    """Only what a user needs."""
    if role is Role.GATEWAY:
        return _gateway()
    if role is Role.PROGRESS:
        return _progress()
    if role is Role.AUTOMATION:
        return _automation()
    if role is Role.OPERATOR:
        return Rights(publish=(_COMMANDS,), subscribe=(f"{_INBOX}.>",))
    return _worker(role, STAGE_OF[role])


def _gateway() -> Rights:
    kept = [str(stream.name) for stream in streams(Provisioning())] + [bucket_stream(name) for name in BUCKETS]
    manage = [f"{_API}.STREAM.{verb}.{stream}" for stream in kept for verb in _TO_KEEP_STREAMS]
    manage += [f"{_API}.STREAM.PURGE.{queue}" for queue in (names.JOBS, names.RESULTS)]
    consumers = [
        f"{_API}.CONSUMER.{verb}.{stream}.>"
        for stream in (names.JOBS, names.RESULTS, names.EVENTS, names.ADVISORIES)
        for verb in ("CREATE", "DURABLE.CREATE", "INFO")
    ]
    taken = [*_take(names.RESULTS, RESULTS_CONSUMER), *_take(names.ADVISORIES, ADVISORIES_CONSUMER)]
    said = ("localclip.jobs.>", "localclip.results.>", f"{names.EVENTS_PREFIX}.>", "localclip.dead.>")
    return Rights(
        publish=(*said, _ANSWERS, f"$KV.{names.CANCEL_BUCKET}.>", *manage, *_read_events(), *consumers, *taken),
        subscribe=(f"{names.LIVE_PREFIX}.>", names.workers("*"), _COMMANDS, f"{_INBOX}.>"),
    )


# As part of voice cloning, the diarizer listens to takes and the translator rewrites them; the diarizer also translates
# from sound.
_HELPED = {Stage.DIARIZATION: (Stage.TRANSLATION,)}


def _worker(role: Role, stage: Stage) -> Rights:
    lanes = [names.job_consumer(stage, lane) for lane in Lane]
    asked = [f"{_API}.CONSUMER.INFO.{names.JOBS}.{lane}" for lane in lanes]
    taken = [subject for lane in lanes for subject in _take(names.JOBS, lane)]
    read = [f"{_API}.STREAM.{verb}.{bucket_stream(name)}" for name in BUCKETS for verb in ("INFO", "MSG.GET")]
    said = (
        names.results(stage),
        names.dead(stage),
        names.dead("unknown"),
        *(f"localclip.progress.*.*.{run}" for run in dict.fromkeys((stage, *_HELPED.get(stage, ()), Stage.CLONING))),
        names.workers(stage),
        f"$KV.{names.ENGINES_BUCKET}.{stage}",
        f"$KV.{names.HANDED_BACK_BUCKET}.*",
    )
    return Rights(publish=(*said, *asked, *taken, *read), subscribe=(f"{inbox_prefix(role)}.>",))


def _progress() -> Rights:
    read = (f"{_API}.STREAM.INFO.{names.EVENTS}", f"{_API}.STREAM.MSG.GET.{names.EVENTS}", *_read_events())
    return Rights(
        publish=(f"{names.EVENTS_PREFIX}.*.*.*.progress", *read),
        subscribe=("localclip.progress.>", f"{names.LIVE_PREFIX}.>", f"{inbox_prefix(Role.PROGRESS)}.>"),
    )


def _automation() -> Rights:
    """Facts from a durable consumer that the gateway created, single ones by their number, and live ones.

    Every durable consumer on the stream of facts is the operator's: gateway and progress read it without one.
    """
    return Rights(
        publish=(*_take(names.EVENTS, "*"), *_read_events()),
        subscribe=(f"{names.LIVE_PREFIX}.>", f"{_INBOX}.>"),
    )


def _take(stream: str, consumer: str) -> tuple[str, str]:
    """Request messages from a consumer, and acknowledge them."""
    return f"{_API}.CONSUMER.MSG.NEXT.{stream}.{consumer}", f"{_ACK}.{stream}.{consumer}.>"


def _read_events() -> tuple[str, str]:
    return f"{_API}.DIRECT.GET.{names.EVENTS}", f"{_API}.DIRECT.GET.{names.EVENTS}.>"


def broker_config(passwords: Mapping[Role, str], unrestricted: Mapping[str, str] | None = None) -> str:
    """The accounts in nats-server's format; JetStream itself and addresses are set on its command line.

    A password that begins with `$` names a variable of the server's environment. `unrestricted` adds users without
    limits, for tests that look into every stream.
    """
    outside = (Role.AUTOMATION, Role.OPERATOR)
    services = [_user(role, passwords[role], rights(role)) for role in Role if role not in outside]
    services += [f"{{user: {name}, password: {json.dumps(word)}}}" for name, word in (unrestricted or {}).items()]
    reader, operator = (_user(role, passwords[role], rights(role)) for role in outside)
    reads, live = _automation().publish, f"{names.LIVE_PREFIX}.>"
    exports = [f'{{stream: "{live}", accounts: [{READERS}]}}', *(_export(subject) for subject in reads)]
    exports += [f'{{service: "{_COMMANDS}", accounts: [{OPERATORS}]}}']
    imports = [f'{{stream: {{account: {ACCOUNT}, subject: "{live}"}}}}', *map(_import, reads)]
    return (
        f"accounts {{\n  {ACCOUNT} {{\n    jetstream: enabled\n"
        f"{_block('users', services)}{_block('exports', exports)}  }}\n"
        f"  {READERS} {{\n{_block('users', [reader])}{_block('imports', imports)}  }}\n"
        f"  {OPERATORS} {{\n{_block('users', [operator])}{_block('imports', [_import(_COMMANDS)])}  }}\n}}\n"
    )


def _export(subject: str) -> str:
    many = ", response_type: stream" if ".MSG.NEXT." in subject else ""
    return f'{{service: "{subject}"{many}, accounts: [{READERS}]}}'


def _import(subject: str) -> str:
    return f'{{service: {{account: {ACCOUNT}, subject: "{subject}"}}}}'


def _block(name: str, entries: Iterable[str]) -> str:
    return f"    {name}: [\n" + "".join(f"      {entry}\n" for entry in entries) + "    ]\n"


def _user(role: Role, password: str, allowed: Rights) -> str:
    word = password if re.fullmatch(r"\$[A-Z_]+", password) else json.dumps(password)
    return (
        f"{{user: {role}, password: {word}, permissions: {{\n"
        f"        publish: {{allow: {_subjects(allowed.publish)}}}\n"
        f"        subscribe: {{allow: {_subjects(allowed.subscribe)}}}\n      }}}}"
    )


def _subjects(subjects: Iterable[str]) -> str:
    return "[\n" + "".join(f'          "{subject}"\n' for subject in subjects) + "        ]"


def deployed_config() -> str:
    """The whole configuration of the broker in docker-compose.yml and in the chart."""
    return _DEPLOYED + broker_config({role: f"${role.variable}" for role in Role})


_DEPLOYED = """\
# The broker of docker-compose.yml and of the chart. Written by `make generate` from shared/messaging/_accounts.py,
# which tells who may do what; JetStream, its folder and certificates are named on the command line.
# Passwords arrive with quotes around them, for one that begins with a digit would be read as a number.

server_name: localclip
listen: 0.0.0.0:4222
http: 0.0.0.0:8222  # /healthz, /jsz and /varz, for health checks and monitoring inside the network
max_payload: 1MB

"""
