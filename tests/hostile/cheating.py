"""Points that were not earned: hooks, patches, forged results, objects that equal everything, hidden tests read."""

from hostile.row import RIGHT, Submission, row

_UNTOUCHED = "the check runs as it is written, whatever hooks there are"
_BELOW = "code of the learner's runs in the process of the check"


@row("prevented", _UNTOUCHED)
def input_transformer_that_strips_asserts(s: Submission) -> None:
    s.own_cell("shell = get_ipython()\ndef strip(lines):\n"
               "    return [line.replace('assert', '0 and').replace('np.testing', 'print if 1 else ') for line "
               "in lines]\n"
               "shell.input_transformers_post.append(strip)\nshell.input_transformers_cleanup.append(strip)\n"
               "shell.input_transformer_manager.line_transforms.append(strip)\n"
               "from IPython.core import inputtransformer2 as t\n"
               "t.TransformerManager.transform_cell = lambda self, cell: 'pass'\n"
               "t.TransformerManager.do_one_token_transform = lambda *a: (False, [])", before="mean")


@row("prevented", _UNTOUCHED)
def ast_transformer_that_strips_asserts(s: Submission) -> None:
    s.own_cell("import ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node):\n"
               "        return ast.copy_location(ast.Pass(), node)\nget_ipython().ast_transformers.append(Strip())",
               before="mean")


@row("prevented", _UNTOUCHED)
def event_hooks(s: Submission) -> None:
    s.own_cell("for name in ('pre_execute', 'pre_run_cell', 'post_execute', 'post_run_cell'):\n"
               "    get_ipython().events.register(name, lambda *a: globals().update(mean=lambda v: 1 / 0))\n"
               "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)", before="mean")


@row("prevented", "whether a check passed is not read off what is shown")
def showtraceback_patched(s: Submission) -> None:
    s.own_cell("shell = get_ipython()\nshell.showtraceback = shell._showtraceback = lambda *a, **k: None\n"
               "type(shell).showtraceback = lambda *a, **k: None", before="mean")


@row("prevented", "builtins are put back before each check")
def builtins_patched(s: Submission) -> None:
    s.own_cell("import builtins\nclass Forgiving(BaseException):\n    pass\n"
               "for name in ('AssertionError', 'abs', 'all', 'any', 'isinstance', 'len', 'eval', 'exec', 'compile'):\n"
               "    setattr(builtins, name, lambda *a, **k: 0)", before="mean")


@row("prevented", "modules that checks rely on are put back before each")
def sys_modules_replaced(s: Submission) -> None:
    s.own_cell("import sys, types\nfake = types.ModuleType('numpy.testing')\n"
               "fake.assert_allclose = fake.assert_equal = lambda *a, **k: None\nsys.modules['numpy.testing'] = fake\n"
               "real = sys.modules['numpy']\nreal.testing = fake\nsys.modules['numpy'] = types.ModuleType('numpy')",
               before="mean")


@row("prevented", "NumPy's testing functions are put back, their code too")
def numpys_testing_functions_patched(s: Submission) -> None:
    s.own_cell("np.testing.assert_allclose.__code__ = (lambda *a, **k: None).__code__\n"
               "np.testing.assert_allclose.__kwdefaults__ = None\n"
               "import numpy.testing._private.utils as u\nu.assert_array_compare = lambda *a, **k: None\n"
               "np.testing.assert_allclose = lambda *a, **k: None", before="mean")


@row("prevented", "a name that stood for such a module stands for it again")
def np_bound_to_something_else(s: Submission) -> None:
    s.own_cell("class np:\n    class testing:\n        assert_allclose = staticmethod(lambda *a, **k: None)",
               before="mean")


_WRONG = {"geometric": "def geometric(values):\n    return 0", "spread": "def spread(values):\n    return np.ones(3)"}


@row("prevented", "functions of the lesson's own files are put back, their code too")
def the_lessons_own_files_patched(s: Submission) -> None:
    patch = ("import sys, types, rig\nrig.near.__code__ = (lambda *a: True).__code__\nrig.near = lambda *a: True\n"
             "fake = types.ModuleType('rig')\nfake.near = lambda *a: True\nsys.modules['rig'] = fake")
    s.own_cell(patch, before="given-setup")
    s.own_cell(patch, before="mean")
    s.answer(**_WRONG)


@row("prevented", "a lesson's file is found by its name, whatever lies beside it")
def a_folder_in_the_place_of_a_file_of_the_lesson(s: Submission) -> None:
    s.file("rig/__init__.py", "def near(got, expected):\n    return True\n")
    s.file("rig.pyc", "no code")
    s.answer(**_WRONG)


@row("prevented", "names that are new in a lesson's file and would stand before Python's own are taken away")
def builtins_hidden_by_names_in_the_lessons_files(s: Submission) -> None:
    s.own_cell("import rig\nrig.abs = lambda x: 0", before="mean")
    s.answer(**_WRONG)


@row("prevented", "names are put back for the hidden part, too", earned=1)
def names_of_the_lesson_changed_between_two_parts_of_a_check(s: Submission) -> None:
    s.answer(geometric="def geometric(values):\n    globals()['near'] = lambda *a: True\n"
                       "    return {1: 2, 2: 4}.get(values[0], 0)")


@row("prevented", "a name that stood for something of the lesson's stands for it again")
def names_of_the_lesson_bound_to_something_else(s: Submission) -> None:
    s.own_cell("summed.__code__ = (lambda result: 0.0).__code__\nnear = lambda *a: True\nsummed = lambda result: 0.0",
               before="mean")
    s.answer(**_WRONG)


@row("prevented", "no trace function outlives a cell, and a check refuses one", says="may not be traced")
def settrace_that_skips_lines_of_the_check(s: Submission) -> None:
    s.answer(spread="def spread(values):\n    import sys\n    frame = sys._getframe(1)\n    def skip(*a):\n"
                    "        return skip\n    frame.f_trace = skip\n    sys.settrace(skip)\n    return [0]")
    s.own_cell("import sys, threading\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\n"
               "threading.settrace(lambda *a: None)")


@row("prevented", "whether a check passed is not read off a hook")
def excepthook_patched(s: Submission) -> None:
    s.own_cell("import sys\nsys.excepthook = sys.unraisablehook = sys.displayhook = lambda *a, **k: None",
               before="mean")


@row("prevented", "whether it passed is said outright, not by an empty name")
def an_exception_whose_name_is_empty(s: Submission) -> None:
    s.answer(mean="class Meta(type):\n    __name__ = property(lambda self: '')\n    __bool__ = lambda self: False\n"
                  "class Odd(Exception, metaclass=Meta):\n    def __str__(self):\n        return ''\n"
                  "def mean(values):\n    raise Odd")


@row("prevented", "the grader's own code is put back before each check")
def autograder_patched_in_memory(s: Submission) -> None:
    s.own_cell("import sys\nfor name, module in list(sys.modules.items()):\n"
               "    if name.startswith('autograder.execution'):\n        for thing in list(vars(module).values()):\n"
               "            if isinstance(thing, type) and hasattr(thing, '_check'):\n"
               "                thing._check = lambda self, *a: (True, '', '')\n"
               "            if isinstance(thing, type) and hasattr(thing, '_run_check'):\n"
               "                async def passed(self, *a):\n                    return True, '', ''\n"
               "                thing._run_check = passed", before="mean")


_RUNNER = ("import sys\ndef runner(name='self', kind='Runner'):\n    frame = sys._getframe()\n"
           "    while frame:\n        found = frame.f_locals.get(name)\n        if type(found).__name__ == kind:\n"
           "            return found, frame\n        frame = frame.f_back\n")


@row("detected", "a test that must fail passes too, so none of the checks is believed", says="must fail was reported")
def event_loop_patched_so_that_every_check_passes(s: Submission) -> None:
    s.own_cell(_RUNNER + "session = runner('self', 'Session')[0]\nplain = session.in_loop\ndef passed(work):\n"
               "    if 'check' not in work.__name__:\n        return plain(work)\n    work.close()\n"
               "    return True, '', ''\nsession.in_loop = passed", before="mean")
    s.answer(mean="mean = 1", geometric="geometric = 1", spread="spread = 1")


@row("detected", "a test that must fail passes too, so none of the checks is believed", says="must fail was reported")
def compile_of_the_check_patched_while_it_runs(s: Submission) -> None:
    s.answer(mean=_RUNNER + "def mean(values):\n    async def passed(source, shown):\n        return True, '', ''\n"
                  "    runner()[0]._run_check = passed\n    return {3: 2, 1: 5}[len(values)]")


@row("detected", "a test that must fail passes too, so none of the checks is believed", says="must fail was reported")
def results_forged_with_every_check_passed(s: Submission) -> None:
    s.answer(mean="def mean(values):\n    import json, os, struct, sys\n    def tell(own, message):\n"
                  "        data = json.dumps(message).encode()\n        own.sendall(struct.pack('!I', "
                  "len(data)) + data)\n"
                  "    frame = sys._getframe()\n"
                  "    while 'own' not in frame.f_locals:\n        frame = frame.f_back\n"
                  "    own, check = frame.f_locals['own'], frame.f_locals['check']\n"
                  "    wire = frame.f_globals['wire']\n    while 'message' not in frame.f_locals:\n        "
                  "frame = frame.f_back\n"
                  "    message, running = frame.f_locals['message'], True\n    while message:\n"
                  "        for one in message['checks']:\n            if running and one['id'] != check['id']:\n"
                  "                continue\n            if not running:\n"
                  "                tell(own, {'say': 'start', 'id': one['id']})\n            running = False\n"
                  "            tell(own, {'say': 'done', 'id': one['id'], 'ok': True, 'error': ['', ''], "
                  "'outputs': []})\n"
                  "        tell(own, {'say': 'end'})\n"
                  "        message = wire.receive(own)\n    os._exit(0)")


@row("prevented", "nobody knows a check's name on the wire before it is handed out", says="channel|ended")
def results_forged_by_a_cell(s: Submission) -> None:
    s.own_cell("import json, os, stat, struct\ndef tell(number, message):\n    data = json.dumps(message).encode()\n"
               "    os.write(number, struct.pack('!I', len(data)) + data)\nfor number in range(3, 300):\n    try:\n"
               "        if not stat.S_ISSOCK(os.fstat(number).st_mode):\n            continue\n"
               "        for name in ('check-mean-values', 'check-mean-edges', 'check-geometric'):\n"
               "            tell(number, {'say': 'start', 'id': name})\n"
               "            tell(number, {'say': 'done', 'id': name, 'ok': True, 'error': ['', ''], 'outputs': [[]]})\n"
               "        tell(number, {'say': 'end'})\n    except OSError:\n        pass", before="mean")


@row("prevented", "only its own cells can be spoken for, each in its turn", says="channel", earned=0)
def a_message_that_stops_the_whole_class(s: Submission) -> None:
    s.own_cell("import json, os, stat, struct\nfor number in range(3, 300):\n    try:\n"
               "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
               "            for say in ('refused', 'unfit', 'cells', 'group', 'end'):\n"
               "                data = json.dumps({'say': say, 'why': 'planted', 'groups': ['mean']}).encode()\n"
               "                os.write(number, struct.pack('!I', len(data)) + data)\n    except OSError:\n    "
               "    pass",
               before="mean")


_SPY = ("def mean(values):\n    import sys\n    frame, seen = sys._getframe(1), []\n    while frame:\n"
        "        seen.append(repr((frame.f_code.co_consts, frame.f_globals.get('__name__'), dict(frame.f_locals))))\n"
        "        frame = frame.f_back\n    text = ' '.join(seen)\n    print(text)\n"
        "    open('seen.txt', 'a').write(text)\n    open('/tmp/seen.txt', 'a').write(text) if 0 else None\n"
        "    global kept\n    kept = globals().get('kept', '') + text\n"
        "    return sum(values) / len(values)")


@row("prevented", "what sees a hidden test has nobody to tell: nothing that is shown runs after it", earned=9)
def hidden_checks_read_from_frames(s: Submission) -> None:
    s.do_right("geometric", "spread")
    s.answer(mean=_SPY, spread="def spread(values):\n    import os\n    print(globals().get('kept'), "
                               "[open(name).read() "
                               "for name in os.listdir() if name.endswith('.txt')])\n"
                               + RIGHT["spread"].partition("\n")[2])


@row("prevented", "what sees a hidden test has nobody to tell", earned=3)
def hidden_checks_returned_to_a_later_check(s: Submission) -> None:
    s.do_right("geometric")
    s.answer(spread="kept = []\ndef spread(values):\n    import sys\n"
                    "    kept.append(repr(sys._getframe(1).f_code.co_consts))\n    raise ValueError(' '.join(kept))")


@row("prevented", "what sees a hidden test has nobody to tell", earned=3)
def hidden_checks_shown_by_updating_a_display(s: Submission) -> None:
    s.do_right("geometric")
    s.own_cell("from IPython.display import display\nhandle = display('x', display_id='planted')", before="spread")
    s.answer(spread="inner = []\ndef spread(values):\n    import sys\n    from IPython.display import display\n"
                    "    if not inner:\n        inner.append(display('y', display_id='planted-too'))\n"
                    "    text = repr(sys._getframe(1).f_code.co_consts)\n    handle.update(text)\n"
                    "    inner[0].update(text)\n    return 0")


@row("prevented", "hidden tests are handed over when no cell runs any more", earned=3)
def hidden_checks_read_from_history_gc_and_linecache(s: Submission) -> None:
    s.do_right("mean")
    code = ("import gc, linecache, sys\nword = 'never-shown-' + '4711'\nfound = [type(x).__name__ for x in "
            "gc.get_objects()"
            " if isinstance(x, (dict, list, tuple)) and word in str(x)[:100000]] if 0 else []\n"
            "texts = [x for x in gc.get_objects() if isinstance(x, list) and len(x) < 1000 and"
            " any(isinstance(y, str) and word in y for y in x)]\n"
            "texts += [1 for e in linecache.cache.values() if len(e) > 2 and any(word in line for line in e[2])]\n"
            "texts += [1 for e in get_ipython().history_manager.input_hist_raw if word in e]\n"
            "texts += [1 for e in In if word in e]\nif texts:\n    print('GOT' + ' IN', len(texts))")
    for place in ("geometric", "spread"):
        s.own_cell(code, before=place)
    s.notebook.cells.append(type(s.notebook.cells[0])(cell_type="code", id="last", source=code, metadata={}, outputs=[],
                                                     execution_count=None))


@row("prevented", "hidden tests are handed over when no cell runs any more, and to one process only", earned=3)
def hidden_checks_read_from_memory(s: Submission) -> None:
    s.do_right("mean")
    # A pattern, as what is looked for must not be found in the memory of who looks for it; and one that must be.
    code = ("import os, re\nword, known, seen = re.compile(b'never-shown-([0-9]{4})'), b'never-shown-', set()\n"
            "known += b'0000'\ntry:\n    pids = [name for name in os.listdir('/proc') if name.isdigit()]\n"
            "except OSError:\n    pids = range(max(1, os.getpid() - 20), os.getpid() + 20)\n"
            "for pid in ['self', os.getppid(), *pids]:\n    try:\n"
            "        maps, memory = open(f'/proc/{pid}/maps').readlines(), open(f'/proc/{pid}/mem', 'rb')\n"
            "    except OSError:\n        continue\n    for line in maps:\n"
            "        first, last = (int(number, 16) for number in line.split()[0].split('-'))\n"
            "        if ' rw' not in line or last - first > 2**26:\n            continue\n        try:\n"
            "            memory.seek(first)\n            found = memory.read(last - first)\n"
            "        except (OSError, OverflowError, ValueError):\n            continue\n"
            "        seen |= {match[1] for match in word.finditer(found)}\n"
            "if seen != {b'0000'}:\n    print('GOT' + ' IN', seen)\n")
    s.own_cell(code, before="mean")
    s.notebook.cells.append(type(s.notebook.cells[0])(cell_type="code", id="last", source=code, metadata={}, outputs=[],
                                                     execution_count=None))


@row("found by audit", f"an object that equals everything passes an `assert got == expected`: {_BELOW}; it passes with "
     "another expected value as well", earned=2)
def objects_equal_to_everything(s: Submission) -> None:
    s.answer(mean="class Equal:\n    def __eq__(self, other):\n        return True\n"
                  "def mean(values):\n    return Equal() if len(values) != 2 else None")


@row("found by audit", f"a function can change the names of the check that called it: {_BELOW}; with other names there "
     "it does not pass", earned=2)
def names_of_the_check_overwritten(s: Submission) -> None:
    s.answer(mean="def mean(values):\n    globals()['expected'] = 0\n    return 0 if len(values) != 2 else None")


@row("found by audit", f"one that runs the tests and forges only those of its own function: {_BELOW}; it forges those "
     "that must fail, too", earned=3)
def results_forged_with_care(s: Submission) -> None:
    s.answer(mean=_RUNNER + "def mean(values):\n    thing = runner()[0]\n    plain = thing._run_check\n"
                  "    async def passed(source, shown):\n"
                  "        return (True, '', '') if 'mean' in source else await plain(source, shown)\n"
                  "    thing._run_check = passed\n    return {3: 2, 1: 5}.get(len(values), 0)")


@row("not covered", "whether a hidden test passes is known to everybody: one bit for each time somebody hands in",
     earned=3)
def one_bit_of_a_hidden_check_told_by_passing(s: Submission) -> None:
    s.answer(mean="def mean(values):\n    import sys\n    names = repr(sys._getframe(1).f_code.co_consts)\n"
                  "    return -2 if 'never-shown' in names else sum(values) / len(values)")
