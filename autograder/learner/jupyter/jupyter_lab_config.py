# Nothing in a lesson needs a network, so JupyterLab does not ask one for news, updates or extensions.
import os

c = get_config()  # noqa: F821 (JupyterLab provides it)
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
# The buttons above a lesson.
c.LabApp.extra_labextensions_path = [os.path.join(os.path.dirname(__file__), "labextensions")]
