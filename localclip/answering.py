"""A task's question about a doubtful transcript: shown, and answered from the command line."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.prompt import Prompt

from localclip.errors import LocalClipError
from localclip.terminal import AsJson, Key, Server, connect, console, print_json
from localclip_client import Client
from localclip_client.models import Question
from shared.pipeline import SOURCE_LANGUAGES


def answer(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="a task that asks something, see `localclip tasks`")],
    go_on: Annotated[bool, typer.Option("--continue", help="dub what was recognized")] = False,
    language: Annotated[
        str | None, typer.Option(help="recognize it again in this language; with --subtitles, the language they are in")
    ] = None,
    subtitles: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="use these subtitles instead of recognition")
    ] = None,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Answer what a task asks before it is dubbed, or show the question."""
    if go_on and (language or subtitles):
        raise LocalClipError("--continue stands alone: it takes what was recognized as it is")
    with connect(server, api_key) as client:
        if go_on or language or subtitles:
            choice = "continue" if go_on else "subtitles" if subtitles else "language"
            task = client.answer(task_id, choice, language=language, subtitles=subtitles)
            if as_json:
                print_json(task)
            else:
                console.print(f"{task_id}: {task.status}", markup=False)
            return
        question = client.task(task_id).waiting_for
    if as_json:
        print_json(question)
    elif question is None:
        console.print(f"{task_id} asks nothing", markup=False)
    else:
        tell_question(task_id, question, console)


def is_interactive(screen: Console) -> bool:
    """Whether somebody is there to answer."""
    return screen.is_terminal and sys.stdin.isatty()


def tell_question(task_id: str, question: Question, screen: Console) -> None:
    """Print what is asked, and how it is answered."""
    rows = [one.text for one in question.reasons]
    rows.append(f"Answer with: localclip answer {task_id} --continue | --language CODE | --subtitles FILE")
    for row in rows:
        screen.print(row, style="yellow", markup=False, highlight=False, soft_wrap=True)


def ask(client: Client, task_id: str, question: Question, screen: Console) -> None:
    """Ask the person at the terminal until there is an answer that the gateway accepts."""
    for reason in question.reasons:
        screen.print(reason.text, style="yellow", markup=False, highlight=False, soft_wrap=True)
    while True:
        said = Prompt.ask("continue, a language code, or a subtitle file", default="continue", console=screen).strip()
        try:
            if said == "continue":
                client.answer(task_id, said, question_id=question.question_id)
            elif said in SOURCE_LANGUAGES:
                client.answer(task_id, "language", question_id=question.question_id, language=said)
            elif Path(said).is_file():
                client.answer(task_id, "subtitles", question_id=question.question_id, subtitles=Path(said))
            else:
                codes = ", ".join(SOURCE_LANGUAGES)
                screen.print(f"'{said}' is none of that; languages are {codes}", markup=False)
                continue
        except LocalClipError as error:
            screen.print(str(error), style="red", markup=False)
            if client.task(task_id).waiting_for is not None:
                continue
        return
