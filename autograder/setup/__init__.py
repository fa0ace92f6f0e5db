"""Set-up: the `.venv` folder, the packages in it, the files that pin them, and what works on this machine.

`mle` at the root imports `bootstrap` before anything is installed. So `bootstrap`, `environment`, `pip_install` and
`progress` use the standard library only, as do `autograder/__init__.py` and `autograder/errors.py`. `extras`, `lock`
and `doctor` run after the hand-over.
"""
