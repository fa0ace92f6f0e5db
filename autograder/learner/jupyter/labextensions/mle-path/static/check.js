// The buttons Check and Progress above a lesson's notebook.
//
// JupyterLab loads this as it loads any prebuilt extension: a container that is given the modules which JupyterLab shares,
// and gives back a plugin. It is small enough to be written as such a container at once, without a bundler.
(() => {
  "use strict";

  const FACTORY = "Notebook";
  const PROGRESS = "Progress.html";
  let shared;

  /** A module of JupyterLab's own, in the version that JupyterLab itself uses. */
  async function labModule(name) {
    const versions = Object.values(shared[name]);
    const own = versions.find((version) => String(version.from).includes("application-top")) ?? versions[0];
    return (await own.get())();
  }

  async function makePlugin() {
    const [{ ServerConnection }, { URLExt }, { ToolbarButton }, { Widget }, { ICommandPalette }] = await Promise.all(
      ["@jupyterlab/services", "@jupyterlab/coreutils", "@jupyterlab/ui-components", "@lumino/widgets",
        "@jupyterlab/apputils"].map(labModule));

    /** Asks the server to grade the notebook as it is saved; returns the page with the result. */
    async function graded(path) {
      const settings = ServerConnection.makeSettings();
      const response = await ServerConnection.makeRequest(
        URLExt.join(settings.baseUrl, "mle", "check"), { method: "POST", body: JSON.stringify({ path }) }, settings);
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) {
        throw new Error(answer.message || `The server answered with status ${response.status}.`);
      }
      return answer.page;
    }

    /** The panel beside a notebook in which its results are shown. */
    class Results extends Widget {
      constructor(notebook) {
        super();
        this.notebook = notebook;
        this.id = `mle-results-${notebook.id}`;
        this.addClass("mle-results");
        this.title.closable = true;
        this.node.tabIndex = -1;
        this.node.setAttribute("role", "region");
        this.node.style.overflow = "auto";
        this.node.style.background = "var(--jp-layout-color1)";
        this.status = document.createElement("p");
        this.status.className = "mle-status";
        this.status.setAttribute("role", "status");
        this.status.style.margin = "8px 16px";
        this.body = document.createElement("div");
        this.node.append(this.status, this.body);
        this.body.addEventListener("click", (event) => {
          const link = event.target.closest("[data-cell]");
          if (link) {
            event.preventDefault();
            this.showCell(link.dataset.cell);
          }
        });
      }

      say(text) {
        this.status.textContent = text;
        this.status.hidden = !text;
      }

      showPage(page) {
        // Made by our own server, which escapes whatever comes from the notebook; scripts in it would not run.
        const parsed = new DOMParser().parseFromString(page, "text/html");
        this.body.replaceChildren(...parsed.querySelectorAll("style, main"));
      }

      showCell(id) {
        const { content } = this.notebook;
        const index = content.widgets.findIndex((cell) => cell.model.id === id);
        if (index >= 0) {
          content.activeCellIndex = index;
          void content.scrollToItem(index, "start");
          this.notebook.activate();
        }
      }
    }

    const results = new WeakMap();

    async function check(app, notebook) {
      let panel = results.get(notebook);
      if (!panel || panel.isDisposed) {
        panel = new Results(notebook);
        results.set(notebook, panel);
        notebook.disposed.connect(() => panel.dispose());
      }
      const name = notebook.context.path.split("/").pop().replace(/\.ipynb$/, "");
      panel.title.label = `Check: ${name}`;
      panel.node.setAttribute("aria-label", `Result of checking ${name}`);
      if (!panel.isAttached) {
        app.shell.add(panel, "main", { mode: "split-right", ref: notebook.id, activate: false });
      }
      if (panel.running) {
        return;
      }
      panel.running = true;
      const begun = Date.now();
      const tell = () => panel.say(`Running every check of ${name} … ${Math.round((Date.now() - begun) / 1000)} s`);
      const clock = window.setInterval(tell, 1000);
      tell();
      try {
        await notebook.context.save();
        const page = await graded(notebook.context.path);
        panel.showPage(page);
        panel.say("");
      } catch (error) {
        panel.say(`The check could not be run: ${error.message}`);
      } finally {
        window.clearInterval(clock);
        panel.running = false;
      }
    }

    return {
      id: "mle-path:check",
      description: "Grades a lesson's notebook from its toolbar.",
      autoStart: true,
      optional: [ICommandPalette],
      activate: (app, palette) => {
        const isLesson = (notebook) => Boolean(notebook?.context?.model?.getMetadata?.("mle"));
        const current = () => app.shell.currentWidget;
        app.commands.addCommand("mle-path:check", {
          label: "Check this lesson",
          caption: "Save this notebook and grade it with every check there is",
          isEnabled: () => isLesson(current()),
          execute: () => check(app, current()),
        });
        app.commands.addCommand("mle-path:progress", {
          label: "Show my progress",
          execute: () => app.commands.execute("docmanager:open", { path: PROGRESS, factory: "HTML Viewer" }),
        });
        for (const command of ["mle-path:check", "mle-path:progress"]) {
          palette?.addItem({ command, category: "ML Engineer Path" });
        }
        app.docRegistry.addWidgetExtension(FACTORY, {
          createNew: (notebook, context) => {
            const buttons = [
              new ToolbarButton({ label: "Check", tooltip: "Save, and grade this lesson with every check there is",
                onClick: () => void check(app, notebook) }),
              new ToolbarButton({ label: "Progress", tooltip: "What you have earned, and what comes next",
                onClick: () => void app.commands.execute("mle-path:progress") }),
            ];
            buttons.forEach((button) => button.hide());
            notebook.toolbar.insertItem(0, "mle-check", buttons[0]);
            notebook.toolbar.insertItem(1, "mle-progress", buttons[1]);
            void context.ready.then(() => {
              if (isLesson(notebook)) {
                buttons.forEach((button) => button.show());
              }
            });
            return buttons[0];
          },
        });
      },
    };
  }

  globalThis._JUPYTERLAB = globalThis._JUPYTERLAB ?? {};
  globalThis._JUPYTERLAB["mle-path"] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const plugin = await makePlugin();
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
