"""The verbs. Each imports what it needs when it runs, so that `mle --help` answers at once."""

from __future__ import annotations

from importlib import metadata

import click

from autograder.cli import author, cohort, gradebook, instructor, learner, report, upkeep
from autograder.course import Course
from autograder.errors import MleError, nearest


class _InOrder(click.Group):
    """Lists the verbs as they were added, by who needs them, and suggests the nearest one to a mistyped verb."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"There is no verb '{args[0]}'. {nearest(args[0], self.commands)}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if command not in _IN_A_KIT and _is_kit():
            raise MleError(f"`mle {name}` needs the full course, and this is a learner's kit, without solutions and "
                           f"sources. Here you have: {', '.join(str(one.name) for one in _IN_A_KIT)}.")
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        kit = _is_kit()
        for title, commands in _SECTIONS.items():
            rows = [(command.name, command.get_short_help_str(90)) for command in commands
                    if not kit or command in _IN_A_KIT]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


_SECTIONS = {
    "Learners": [learner.start, learner.check, learner.progress, learner.submit, learner.update,
                 learner.reset],
    "Instructors": [instructor.release, instructor.collect, cohort.grade, cohort.audit, gradebook.due,
                    gradebook.migrate, gradebook.migrate_gradebook, gradebook.feedback, report.report,
                    instructor.export, cohort.demo, cohort.init_course],
    "Authors": [author.build, author.verify],
    "This machine": [upkeep.doctor, upkeep.add, upkeep.test, upkeep.lock],
}
# A learner's kit has neither sources nor solutions.
_IN_A_KIT = [*_SECTIONS["Learners"], upkeep.doctor, upkeep.add]


def _is_kit() -> bool:
    """Whether what is worked on is a learner's kit; where it is no course, its own message is the better one."""
    try:
        return Course.find().kit is not None
    except MleError:
        return False


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]}, epilog=(
    "Every verb takes --help. With --debug, an error is shown with its traceback."))
@click.version_option(metadata.version("mle-path"), prog_name="mle")
def mle() -> None:
    """ML Engineer Path: graded notebook lessons, and the autograder that runs them."""


for _commands in _SECTIONS.values():
    for _command in _commands:
        mle.add_command(_command)
