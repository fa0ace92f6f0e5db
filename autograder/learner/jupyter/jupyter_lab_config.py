# Nothing in a lesson needs a network, so JupyterLab does not ask one for news, updates or extensions.
c = get_config()  # noqa: F821 (JupyterLab provides it)
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
# nbgrader's pages for instructors and for a shared exchange: a learner's own folder has neither.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.course_list": False,
    "nbgrader.server_extensions.formgrader": False,
}
