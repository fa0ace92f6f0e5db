"""The lesson's own Python files, as a notebook imports them: found before what else is called so, and told of."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType


class LessonFiles(MetaPathFinder):
    """Finds modules by their names in the working directory, whatever a hand-in has put beside them.

    Args:
        names: of modules or packages there.
        noted: called with the name of each module that has been run from the file as it is now, the module and its
            text.
    """

    def __init__(self, names: Iterable[str], noted: Callable[[str, ModuleType, str], None]) -> None:
        self._noted = noted
        self._files: dict[str, tuple[str, bytes]] = {}
        self._run: dict[str, tuple[ModuleType, bytes]] = {}  # with the text that was run
        for name in names:
            for file in (f"{name}.py", os.path.join(name, "__init__.py")):
                path = os.path.join(os.getcwd(), file)
                if os.path.isfile(path):
                    with open(path, "rb") as opened:
                        self._files[name] = path, opened.read()
                    break

    def stand_first(self) -> None:
        """Is asked before all others from here on; and modules that come from elsewhere are no more there."""
        if not self._files:
            return
        if sys.meta_path[:1] != [self]:
            sys.meta_path[:] = [self, *(finder for finder in sys.meta_path if finder is not self)]
        for name in self._files:
            if name in sys.modules and not self._is_from_file(name):
                del sys.modules[name]

    def _is_from_file(self, name: str) -> bool:
        """Whether what is imported under a name was run from its file, as it was or as it is now."""
        module, data = self._run.get(name, (None, b""))
        path, first = self._files[name]
        if sys.modules[name] is not module:
            return False
        if data == first:
            return True
        try:
            with open(path, "rb") as opened:
                return opened.read() == data
        except OSError:
            return False

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._files or not os.path.isfile(self._files[fullname][0]):
            return None
        file = self._files[fullname][0]
        package = [os.path.dirname(file)] if os.path.basename(file) == "__init__.py" else None
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self._ran),
                                       submodule_search_locations=package)

    def _ran(self, name: str, module: ModuleType, data: bytes) -> None:
        # A module may put something else in its place.
        self._run[name] = sys.modules.get(name, module), data
        if data == self._files[name][1] and self._run[name][0] is module:
            self._noted(name, module, data.decode("utf-8", errors="replace"))


class _Loader(SourceFileLoader):
    """Runs a file's own text and no compiled one that may lie beside it."""

    def __init__(self, name: str, path: str, ran: Callable[[str, ModuleType, bytes], None]) -> None:
        super().__init__(name, path)
        self._ran = ran

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module: ModuleType) -> None:
        data = self.get_data(self.path)
        super().exec_module(module)
        self._ran(self.name, module, data)
