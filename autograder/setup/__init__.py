"""Set-up: the `.venv` folder, the packages in it, the files that pin them, and what works on this machine.

`mle` at the root imports `bootstrap` before anything is installed, so `bootstrap`, `environment` and `pip_install`
use the standard library only. `extras`, `lock` and `doctor` run after the hand-over.
"""
