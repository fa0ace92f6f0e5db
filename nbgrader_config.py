# Read by nbgrader's own commands and by Formgrader when they are started in this folder.
from autograder.grading import configure

configure(get_config(), root=__file__.rpartition("nbgrader_config.py")[0] or ".")  # noqa: F821 (nbgrader provides it)
