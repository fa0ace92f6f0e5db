"""What a learner sees in JupyterLab is what grading runs: small notebooks, in a real kernel and in jailed forks.

Each notebook shows one behaviour. Its outputs from an ordinary kernel and from both levels of isolation must be equal
once what differs between any two runs is taken out. Differences that are meant are in `EXPECTED`, with the reason.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Limits
from autograder.execution import Job, RunRecord, Step, StepFact, kernel

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="isolation is Linux's")]

# Cells of a notebook are divided by lines of dashes. All of these run one after the other in one process, so none may
# change what the next one is about.
TOGETHER = {
    # --- values and displays
    "value of the last line": """
1 + 1
---
'text'
---
None
---
x = 5
---
1; 2;
---
[1] * 3, {'a': {1, 2}}
""",
    "names of earlier values": """
41
---
_ + 1
---
(_, __, ___)
---
_i, _ii
---
print(In[-2], sorted(Out)[-1] > 0)
""",
    "value of an assignment by underscore": """
_ = 'mine'
---
5
---
_
---
del _
---
6
---
_
""",
    "html": r"""
from IPython.display import HTML, Markdown, Latex, JSON, SVG, Javascript, Image, Pretty, Math
display(HTML('<b>b</b>'), Markdown('*m*'), Latex('$x$'), Math('x'), Pretty('p'))
---
HTML('<i>i</i>')
---
JSON({'a': [1]})
---
SVG('<svg xmlns="http://www.w3.org/2000/svg"/>')
---
Javascript('1')
---
Image(data=b'\x89PNG\r\n\x1a\n' + bytes(30), format='png')
""",
    "own representations": """
class R:
    def _repr_html_(self): return '<r/>'
    def _repr_markdown_(self): return '**r**'
    def __repr__(self): return 'r'
class B:
    def _repr_mimebundle_(self, **k): return {'text/plain': 'b', 'application/x': {'y': 1}}, {'m': 1}
R()
---
display(R(), B())
---
B()
""",
    "representation that fails": """
class Bad:
    def __repr__(self):
        raise ValueError('no repr')
Bad()
---
display(Bad())
---
'after'
""",
    "long and nested values": """
list(range(2000))
---
{i: 'x' * 50 for i in range(5)}
---
print(list(range(100)))
""",
    "bytes and special characters": r"""
b'\x00\xff'
---
print('ä 漢 🎉 \t tab')
---
'\ud800'
---
print('\x1b[31mred\x1b[0m')
""",
    "display ids": """
h = display('old', display_id='one')
---
h.update('new')
---
from IPython.display import update_display
update_display('newest', display_id='one')
---
display('again', display_id='one')
---
k = display(display_id=True)
k.display('shown')
k.update('shown anew')
""",
    "display several ways": """
display(1, 'a', [2])
---
display({'text/plain': 'raw'}, raw=True)
---
display(3, metadata={'a': 1})
---
display()
""",
    "clear output": """
from IPython.display import clear_output
print('gone')
clear_output()
print('kept')
---
print('gone')
clear_output(wait=True)
print('kept')
---
print('stays')
clear_output(wait=True)
---
for i in range(3):
    clear_output(wait=True)
    display(i)
""",
    "pandas tables": """
import pandas as pd, numpy as np
df = pd.DataFrame({'a': [1, 2], 'b': [1.5, None], 'c': ['x', '<y>']})
df
---
df.describe()
---
df.style
---
df['a']
---
print(df)
---
pd.DataFrame(np.zeros((100, 30)))
---
df.info()
---
with pd.option_context('display.max_rows', 1): display(df)
""",
    "arrays": """
import numpy as np
np.arange(12.).reshape(3, 4)
---
np.zeros(5000)
---
np.float64(1.5)
""",
    # --- streams
    "prints": """
print('a', end='')
print('b')
print()
print('c', 'd', sep='-')
---
print('no newline', end='')
""",
    "standard error": """
import sys
print('out')
print('err', file=sys.stderr)
print('out again')
""",
    "writing to the streams": """
import sys
sys.stdout.write('text')
---
sys.stdout.flush()
sys.stdout.writelines(['a', 'b'])
---
sys.stdout.write(b'bytes')
---
sys.stdout.buffer
---
sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.name
---
sys.stdout, sys.stderr
---
sys.stdout.errors, sys.stdout.closed, sys.stdout.writable()
""",
    "carriage returns": r"""
for i in range(3): print(f'\r{i}', end='')
print()
---
print('a\r\nb\x08c')
""",
    "redirected streams": """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as s: print('caught')
s.getvalue()
""",
    "logging": """
import logging
logging.warning('root %s', 1)
log = logging.getLogger('mine')
log.error('err')
log.info('unseen')
---
try:
    1 / 0
except ZeroDivisionError:
    log.exception('caught')
""",
    "commands": r"""
!echo hello
---
name = 'world'
!echo {name} $name $$name
---
files = !printf 'a\nb\n'
files
---
files.n, files.s
---
!exit 3
---
_exit_code
---
!echo err >&2; printf 'no newline'
---
!!echo twice
---
!no-such-command
---
for i in range(2):
    !echo {i}
---
!echo background &
---
%sx echo magic
""",
    "cell magics of other interpreters": """
%%bash
echo out; echo err >&2
---
%%bash --out caught
echo caught
---
caught
---
%%sh
exit 4
---
%%script --no-raise-error sh
exit 5
---
%%script cat
given as it is
""",
    # A kernel takes in by a thread what comes past Python: it may stand after what was shown later, so nothing is.
    "os.system": """
import os, time
code = os.system('echo from outside'); time.sleep(0.3)
---
code
---
code = os.system('echo err >&2; exit 2'); time.sleep(0.3)
---
code
""",
    "subprocesses": r"""
import subprocess, sys
done = subprocess.run(['echo', 'direct']); time.sleep(0.3)
---
done
---
subprocess.run(['echo', 'kept'], capture_output=True, text=True).stdout
---
subprocess.check_output([sys.executable, '-c', 'import sys; print(sys.stdin.read())'], text=True)
---
subprocess.run('exit 3', shell=True, check=True)
---
written = os.write(1, b'by number\n'); time.sleep(0.3)
---
subprocess.run(['echo', 'to the terminal'], stdout=sys.stdout).returncode
""",
    "output past Python's own": r"""
import os, time
os.write(2, b'raw err\n'); time.sleep(0.3)
---
print('\N{SNOWMAN}', flush=True); os.write(1, '\N{SNOWMAN}\n'.encode()); time.sleep(0.3)
""",
    # --- magics
    "timing": """
%time sum(range(10))
---
%%time
y = 3
y
---
%timeit -n 2 -r 2 1 + 1
---
t = %timeit -o -q -n 1 -r 1 pass
type(t).__name__
---
%%timeit -n 1 -r 1
pass
""",
    "capturing": """
%%capture got
print('out')
import sys
print('err', file=sys.stderr)
display(1)
2
---
got.stdout, got.stderr, len(got.outputs)
---
got.show()
---
%%capture
1 / 0
---
'after'
""",
    "files by magics": """
%%writefile made.py
made = 'by the file'
print('running', __name__)
---
%%writefile -a made.py
made += '!'
---
%run made.py
---
made
---
%cat made.py
---
%pycat made.py
---
%run missing.py
---
import made
---
!ls made.py
---
%ls made.py
""",
    "run a script with arguments and a failure": """
%%writefile failing.py
import sys
print(sys.argv[1:])
def f():
    raise ValueError('in the file')
f()
---
%run failing.py one two
""",
    "environment": """
%env MY_VALUE=7
---
%env MY_VALUE
---
!echo $MY_VALUE
---
import os
os.environ['MY_VALUE'], os.environ['MPLBACKEND'], os.environ['PAGER'], os.environ['TERM']
---
%set_env OTHER=x{1 + 1}
""",
    "names": """
only_here, and_here = 1, 'b'
---
%who int
---
%who_ls str
---
%whos int
---
%xdel only_here
---
only_here
---
%reset_selective -f and_here
""",
    "history": """
# a comment
'first'
---
%history -l 1
---
%rerun 2
""",
    "folders": """
import os
os.makedirs('sub', exist_ok=True)
%cd sub
---
os.path.basename(os.getcwd())
---
%cd ..
---
%pwd == os.getcwd()
""",
    "magics that ask the shell": """
%lsmagic
---
%precision 3
---
3.14159
---
%precision
---
%automagic
---
%automagic
---
%nosuchmagic
---
%%nosuchmagic
1
---
%alias say echo
---
%say hi
---
%macro m 1
---
%load_ext nosuchextension
---
%pdb off
---
%xmode Plain
---
1 / 0
---
%xmode Context
---
%colors
---
%config IPCompleter.greedy
---
%notebook
---
%config
---
%autosave 60
---
%logstop
""",
    "profiling": """
%prun -q 1
---
%%prun -q
2
---
from IPython.utils.capture import capture_output
with capture_output() as c: print(1)
c.stdout
""",
    "javascript and other languages": """
%%javascript
1
---
%%html
<b/>
---
%%latex
$x$
---
%%markdown
*m*
---
%%svg
<svg/>
""",
    "help": """
def documented(a, b=2):
    'What it does.'
documented?
---
?documented
---
documented??
---
nosuchname?
---
help(documented)
---
%pinfo documented
---
%pdoc documented
---
%psource documented
---
prin*?
---
%quickref
---
%magic
---
%page documented
""",
    "ways to say it": """
documented2 = len
,documented2 a b
---
/print 1
---
>>> print('pasted')
---
In = In
if True:
    x = 1
    x
---
x
""",
    # --- the shell
    "get_ipython": """
ip = get_ipython()
ip
---
type(ip).__name__, type(ip).__module__, ip.__class__.__mro__[1].__name__ != ''
---
'IPKernelApp' in ip.config, hasattr(ip, 'kernel')
---
from IPython import get_ipython as g
g() is ip
---
ip.run_cell('print(5); 6').result
---
ip.user_ns['put'] = 3
put
---
ip.system('echo by the shell')
---
ip.getoutput('echo got')
---
ip.run_line_magic('precision', '2')
---
ip.run_line_magic('precision', '')
---
ip.ev('1 + 1')
---
ip.set_next_input('x')
""",
    "own magics and events": """
from IPython.core.magic import register_line_magic, register_cell_magic
@register_line_magic
def shout(line): return line.upper()
@register_cell_magic
def both(line, cell): return line + '|' + cell
---
%shout quietly
---
%%both a
b
---
called = []
def note(*a): called.append('post')
get_ipython().events.register('post_run_cell', note)
---
len(called)
---
get_ipython().events.unregister('post_run_cell', note)
len(called)
""",
    "formatters": """
class F: pass
get_ipython().display_formatter.formatters['text/html'].for_type(F, lambda f: '<f/>')
F()
---
get_ipython().display_formatter.formatters['text/html'].pop(F)
None
""",
    "builtins of a notebook": """
sorted(n for n in dir(__builtins__) if n in ('display', 'get_ipython', '__IPYTHON__'))
---
__name__
---
'__file__' in globals()
---
import sys
sys.modules['__main__'].__dict__ is globals()
---
if __name__ == '__main__': print('main')
---
__doc__
---
__spec__
---
get_ipython().execution_count > 0
---
sys.stdin.read()
---
import os
os.path.basename(sys.argv[0]), sys.argv[1]
---
sys.flags.optimize, sys.flags.hash_randomization, sys.flags.safe_path, sys.dont_write_bytecode
---
sys.path[0] == os.getcwd() or '' in sys.path
---
open.__module__
""",
    "arguments": """
import argparse
argparse.ArgumentParser(prog='x').parse_args()
""",
    "input is refused": """
input('name? ')
---
import getpass
getpass.getpass()
---
input()
---
try:
    input()
except Exception as e:
    print(type(e), e)
---
breakpoint
""",
    # --- await
    "top-level await": """
import asyncio
await asyncio.sleep(0, 'value')
---
async def f(): return 3
await f()
---
async with asyncio.timeout(5):
    print('in')
---
async def gen():
    for i in range(2): yield i
async for i in gen(): print(i)
---
[i async for i in gen()]
---
f
---
r = await asyncio.gather(f(), f(), return_exceptions=True)
r
---
await f() + await f()
""",
    "await that fails": """
async def bad():
    raise KeyError('async')
await bad()
---
await asyncio.wait_for(asyncio.sleep(9), 0.01)
---
raise asyncio.CancelledError
---
'after'
""",
    "tasks over cells": """
done = []
async def work():
    for i in range(3):
        await asyncio.sleep(0)
        done.append(i)
task = asyncio.create_task(work())
---
await task
done
---
later = asyncio.get_running_loop().create_future()
async def setter():
    later.set_result('set')
_t = asyncio.create_task(setter())
---
await later
---
asyncio.get_event_loop().is_running()
---
w = work()
asyncio.run(w)
---
asyncio.get_running_loop().run_until_complete(w)
---
w.close()
---
q = asyncio.Queue()
q.put_nowait(1)
---
await q.get()
""",
    "tasks between cells": """
seen = []
async def ticking():
    seen.append(1)
keep = asyncio.create_task(ticking())
len(seen)
---
len(seen), keep.done()
""",
    "async in magics": """
%%time
await asyncio.sleep(0)
---
%autoawait
---
%time await asyncio.sleep(0, 2)
""",
    "to a thread and back": """
await asyncio.to_thread(sum, [1, 2])
---
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: r = list(pool.map(abs, [-1, -2]))
r
---
p = await asyncio.create_subprocess_exec('echo', 'sub', stdout=asyncio.subprocess.PIPE)
(await p.communicate())[0]
""",
    # --- what goes wrong
    "exceptions": r"""
1 / 0
---
{}['k']
---
assert 1 == 2, 'message'
---
assert False
---
undefined_name
---
import nosuchmodule
---
open('missing')
---
int('x')
---
raise Exception
---
raise ValueError('multi\nline')
---
None.attribute
---
numpy.nosuch
---
prin('x')
""",
    "chained exceptions": """
try:
    1 / 0
except ZeroDivisionError as e:
    raise ValueError('second') from e
---
try:
    1 / 0
except ZeroDivisionError:
    {}['context']
---
try:
    1 / 0
except ZeroDivisionError:
    raise ValueError('alone') from None
---
e = ValueError('noted')
e.add_note('a note')
raise e
""",
    "tracebacks over cells": """
def outer(x):
    '''doc'''
    return inner(x)
---
def inner(x):
    y = x
    # comment
    return y / 0
---
outer(1)
---
outer(2)
---
%tb
---
import traceback
try:
    outer(1)
except Exception:
    traceback.print_exc()
""",
    "tracebacks through libraries": """
import json
json.loads('{')
---
import pandas as pd
pd.DataFrame({'a': [1]})['b']
---
import numpy as np
np.zeros(2) @ np.zeros(3)
""",
    "recursion": """
def again(n): return again(n + 1)
try:
    again(0)
except RecursionError as e:
    print(e)
---
import sys
sys.getrecursionlimit()
""",
    "syntax errors": (
        'def f(:\n---\n'
        '  x = 1\n y = 2\n---\n'
        'if True:\nx = 1\n---\n'
        "'unclosed\n---\n"
        'for\n---\n'
        'return 1\n---\n'
        "print 'old'\n---\n"
        'x = (1,\n---\n'
        '1 +\n---\n'
        '\tx = 1\n        y = 2\n---\n'
        'await = 1\n---\n'
        'break\n---\n'
        'yield 1\n---\n'
        '%time 1 +\n---\n'
        "eval('1 +')\n---\n"
        'nonlocal x'
    ),
    "indented cell": """
    indented = 1
    indented
---
indented
""",
    "exception groups": """
raise ExceptionGroup('several', [ValueError(1), TypeError('t')])
---
try:
    raise ExceptionGroup('g', [ValueError(2)])
except* ValueError as eg:
    print(eg.exceptions)
""",
    "interrupts and exits": """
raise KeyboardInterrupt
---
raise SystemExit
---
import sys
sys.exit('with a message')
---
sys.exit(3)
---
raise GeneratorExit
---
class Odd(BaseException): pass
raise Odd('odd')
---
'still here'
""",
    "exceptions that cannot be shown": """
class Mute(Exception):
    def __str__(self):
        raise RuntimeError('mute')
try:
    raise Mute
except Mute as e:
    print(type(e))
""",
    "exception hooks": """
get_ipython().set_custom_exc((LookupError,), lambda self, t, v, tb, tb_offset=None: print('custom', v))
{}['x']
---
get_ipython().set_custom_exc((), None)
{}['x']
---
get_ipython().showtraceback()
""",
    # --- warnings
    "warnings": r"""
import warnings
warnings.warn('careful')
---
warnings.warn('careful')
---
for _k in range(3): warnings.warn('in a loop')
---
warnings.warn('old', DeprecationWarning)
---
def deep(): warnings.warn('deep', stacklevel=2)
deep()
deep()
---
warnings.warn('user', FutureWarning)
---
warnings.warn('pending', PendingDeprecationWarning)
---
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter('always')
    warnings.warn('kept')
[str(x.message) for x in w]
---
'\d'
---
1 is 1
---
import numpy as np
np.array([1.0]) / 0
---
np.mean([])
""",
    "unawaited coroutine": """
async def never(): pass
c = never()
del c
import gc
gc.collect() >= 0
""",
    # --- what Python knows of a notebook
    "source of a function": """
import inspect
def shown(a):
    # with a comment
    return a
---
print(inspect.getsource(shown))
---
class Shown:
    def method(self): return 1
---
print(inspect.getsource(Shown.method))
---
print(inspect.getsource(Shown))
---
inspect.signature(shown)
---
shown.__code__.co_filename
---
inspect.getsourcelines(shown)[1], shown.__module__, Shown.__qualname__
""",
    "typing": """
import typing
def typed(a: int, b: 'list[str]' = None) -> dict[str, float]: ...
class Point(typing.NamedTuple):
    x: int
    y: 'Point | None' = None
count: int = 3
---
typing.get_type_hints(typed)
---
typing.get_type_hints(Point)
---
__annotations__
""",
    "dataclasses": """
import dataclasses
@dataclasses.dataclass(order=True, frozen=True)
class D:
    a: int
    b: list = dataclasses.field(default_factory=list)
D(1)
---
dataclasses.asdict(D(1, [2]))
---
dataclasses.replace(D(1), a=2) > D(1)
---
D(1).a = 3
---
import enum
class E(enum.Enum):
    A = 1
E.A, E
""",
    "pickling": """
import pickle, copy
class P:
    def __init__(self): self.v = 1
def pf(): return 2
p = pickle.loads(pickle.dumps(P()))
p.v, type(p) is P
---
pickle.loads(pickle.dumps(pf))()
---
pickle.dumps(lambda: 1)
---
P
---
P()
---
copy.deepcopy(P()).v
""",
    "mocks": """
from unittest.mock import patch, MagicMock
import random
with patch('random.random', return_value=0.5): print(random.random())
---
def target(): return 'real'
---
with patch('__main__.target', return_value='fake'): print(target())
target()
---
with patch('builtins.print') as fake: print('unseen')
fake.call_args
---
m = MagicMock(); m(1); m.assert_called_with(2)
---
import unittest
class T(unittest.TestCase):
    def test_it(self): self.assertEqual(1, 2)
unittest.main(argv=['x'], exit=False, verbosity=0).result.wasSuccessful()
""",
    "doctest": """
import doctest
def dt():
    '''
    >>> 1 + 1
    3
    '''
doctest.run_docstring_examples(dt, globals())
---
doctest.testmod()
""",
    "random numbers": """
import random, numpy as np
random.seed(1); np.random.seed(1)
random.random(), np.random.rand()
---
random.random(), np.random.rand(2), np.random.default_rng(3).random()
""",
    "random numbers without a seed": """
sorted(random.sample(range(100), 3)) and np.random.rand() and hash('text')
---
np.random.default_rng().random(), random.random()
""",
    "files": """
open('note.txt', 'w').write('kept')
---
open('note.txt').read()
---
import os
os.path.exists('note.txt'), sorted(os.listdir('data'))
---
from pathlib import Path
Path('data/rows.csv').read_text()
---
import pandas as pd
pd.read_csv('data/rows.csv')
---
Path.cwd() == Path('.').resolve()
---
import tempfile
with tempfile.TemporaryDirectory() as t: print(os.path.isdir(t))
---
import sqlite3
sqlite3.connect(':memory:').execute('select 1').fetchall()
""",
    "modules beside the notebook": r"""
import beside
beside.ANSWER, beside.where()
---
open('beside.py', 'a').write('\nANSWER = 43\n')
import importlib
importlib.reload(beside).ANSWER
---
import package.inner
package.inner.NAME
---
beside.fails()
""",
    "autoreload": """
%load_ext autoreload
---
%autoreload 2
---
%autoreload 0
""",
    # --- other processes and threads
    "threads": """
import threading
def in_thread(): print('from a thread')
th = threading.Thread(target=in_thread)
th.start(); th.join()
---
def failing_thread():
    raise ValueError('in a thread')
th = threading.Thread(target=failing_thread, name='T')
th.start(); th.join()
---
threading.current_thread() is threading.main_thread()
""",
    "forks": r"""
import multiprocessing as mp, time
def square(x):
    print('in a worker', flush=True)
    return x * x
context = mp.get_context('fork')
with context.Pool(1) as pool: squares = pool.map(square, [1, 2])
time.sleep(0.3)
---
squares
---
mp.get_start_method(), mp.current_process().name
---
def put(q): q.put('from a process')
q = context.Queue()
p = context.Process(target=put, args=(q,))
p.start()
got = q.get()
p.join()
got, p.exitcode
---
def bad():
    raise ValueError('in a process')
p = context.Process(target=bad, name='B')
p.start(); p.join(); time.sleep(0.3)
---
p.exitcode
---
import os
if os.fork() == 0:
    os.write(1, b'child\n')
    os._exit(0)
status = os.wait()[1]; time.sleep(0.3)
---
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1, mp_context=context) as e: r = list(e.map(abs, [-3]))
r
""",
    "spawned processes": """
import multiprocessing as mp
spawn = mp.get_context('spawn')
with spawn.Pool(1) as pool: r = pool.map(abs, [-1, 2])
r
---
def mine(): pass
p = spawn.Process(target=mine)
p.start(); p.join(); time.sleep(0.3)
---
p.exitcode
""",
    "shared memory": """
from multiprocessing import shared_memory, Value, Lock
s = shared_memory.SharedMemory(create=True, size=8)
s.buf[0] = 7
s.buf[0]
---
s.close(); s.unlink()
---
v = Value('i', 3)
with v.get_lock(): v.value += 1
v.value
""",
    "signals": """
import signal
caught = []
signal.signal(signal.SIGALRM, lambda *a: caught.append('alarm'))
signal.setitimer(signal.ITIMER_REAL, 0.01)
import time
time.sleep(0.1)
caught
---
import faulthandler
faulthandler.is_enabled()
---
import atexit
atexit.register(print, 'never shown') is print
""",
    "generators and closures over cells": """
g = (i for i in range(3))
next(g)
---
next(g)
---
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    return up
up = counter()
up()
---
up()
---
global made_global
made_global = 1
---
made_global
""",
    "rich and tqdm like libraries": """
try:
    from tqdm.auto import tqdm
    print(tqdm.__module__)
except Exception as e:
    print(type(e))
---
from rich import print as rprint
rprint('[bold]rich[/bold]')
---
from rich.console import Console
Console().is_jupyter
---
from rich.table import Table
t = Table('a'); t.add_row('1'); t
""",
    "empty cells and comments": (
        '# only a comment\n---\n'
        '\n\n---\n'
        '   \n---\n'
        'pass\n---\n'
        '...\n---\n'
        "'''a string'''"
    ),
    "deleting and shadowing": """
print = None
---
print('x')
---
del print
---
print('back')
---
len = 3
---
len
---
del len
---
len('ab')
---
get_ipython = None
---
1 + 1
---
del get_ipython
from IPython import get_ipython
""",
}

# Each in a process of its own: it ends it, or changes it for good.
ALONE = {
    "figures": """
import matplotlib.pyplot as plt
plt.plot([1, 2])
---
plt.plot([1]);
---
fig, ax = plt.subplots(figsize=(2, 1))
---
plt.figure(); plt.plot([1]); plt.figure(); plt.title('b'); None
---
fig
---
plt.show()
---
plt.plot([3]); plt.show(); print('after')
---
plt.close('all'); plt.get_fignums()
---
plt.subplots()[0].savefig('f.png'); import os; os.path.getsize('f.png') > 0
---
display(fig)
---
plt.plot([1]); 1 / 0
---
plt.get_fignums(), plt.get_backend(), plt.isinteractive()
---
from IPython.display import Image
Image('f.png', width=50)
---
plt.rcParams['figure.figsize'] = (3, 2)
---
plt.plot([2]);
---
plt.rcParams['figure.figsize'], plt.rcParams['figure.dpi']
---
import pandas as pd
pd.Series([1, 2]).plot();
---
plt.figure('named').number
""",
    "figures by magic": """
%matplotlib inline
---
import matplotlib.pyplot as plt
---
%config InlineBackend.figure_format = 'retina'
---
plt.plot([1]);
---
%config InlineBackend.figure_formats = ['svg']
---
fig = plt.figure(figsize=(1, 1))
---
%config InlineBackend.close_figures = False
---
%matplotlib
---
%matplotlib --list
---
import matplotlib_inline.backend_inline as b
b.set_matplotlib_formats('png')
---
plt.gcf().number
""",
    "figures configured before they are imported": """
%config InlineBackend.figure_format = 'svg'
---
import matplotlib.pyplot as plt
plt.figure(figsize=(1, 1)); None
""",
    "figures without the notebook's backend": """
%matplotlib agg
---
import matplotlib.pyplot as plt
plt.plot([1]);
---
plt.get_fignums(), plt.get_backend()
""",
    "pylab": """
%pylab inline
---
plot([1]);
""",
    "warning filters": """
import warnings
warnings.simplefilter('error')
---
warnings.warn('now an error')
---
warnings.simplefilter('ignore')
warnings.warn('never shown')
---
warnings.resetwarnings()
warnings.warn('x', DeprecationWarning)
""",
    "exit": """
1
---
print('before')
exit()
print('after')
---
2
""",
    "quit with the kernel kept": """
quit(keep_kernel=True)
---
2
""",
    "hard exit": """
print('before', flush=True)
---
import os
os._exit(3)
---
2
""",
    "reset": """
x = 1
---
%reset -f
---
x
---
print(In[-1:])
---
5
---
_
""",
    "cut output": """
print('x' * 300_000)
---
for i in range(50_000): print(i)
---
from IPython.display import HTML
HTML('h' * 300_000)
---
raise ValueError('e' * 50_000)
---
'next'
---
import os
os.system('yes | head -c 400000'); import time; time.sleep(0.3)
""",
    "transformers": """
get_ipython().input_transformers_cleanup.append(lambda lines: [l.replace('two', '2') for l in lines])
---
two + two
---
import ast
class N(ast.NodeTransformer):
    def visit_Constant(self, node): return ast.copy_location(ast.Constant(10), node)
get_ipython().ast_transformers.append(N())
---
1 + 1
""",
    "interactivity": """
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.ast_node_interactivity = 'all'
---
1
2
---
%config InteractiveShell.ast_node_interactivity = 'none'
---
3
""",
    "a loop of one's own": """
import asyncio
asyncio.set_event_loop(asyncio.new_event_loop())
---
import asyncio
1
---
await asyncio.sleep(0, 5)
""",
    "a stream replaced": """
import sys, io
old = sys.stdout
sys.stdout = io.StringIO()
print('hidden')
---
sys.stdout = old
print('back')
---
sys.stdout.close()
---
1
""",
}

# Differences that are meant: (notebook, number of the cell) -> why.
_NO_SHARED_MEMORY = "without namespaces /dev/shm is the whole system's, so there are no semaphores and no shared memory"
EXPECTED: dict[tuple[str, int], str] = {
    ("magics that ask the shell", 19): "%config lists no IPKernelApp, as there is none, but InlineBackend, "
                                       "as figures are warm from the start",
    ("builtins of a notebook", 10): "the warm process is started with -P, so that it never imports from its own folder",
    ("hard exit", 1): "in a fork it is known how the process ended, and said",
    ("a stream replaced", 1): "a kernel's stream that was away from `sys.stdout` writes to the cell in which it left",
}
EXPECTED_WITHOUT_NAMESPACES = dict.fromkeys(
    [("forks", 0), ("forks", 1), ("forks", 3), ("forks", 7), ("spawned processes", 0),
     ("shared memory", 0), ("shared memory", 1), ("shared memory", 2)], _NO_SHARED_MEMORY)

DASHES = "\n---\n"


def cells_of(name: str, source: str) -> dict[str, str]:
    return {f"{name} / {number}": cell for number, cell in enumerate(source.strip("\n").split(DASHES))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies beside the notebooks."""
    beside = tmp_path_factory.mktemp("beside")
    (beside / "data").mkdir()
    (beside / "data" / "rows.csv").write_text("a,b\n1,2\n")
    (beside / "beside.py").write_text("ANSWER = 42\ndef where(): return __name__\n"
                                      "def fails():\n    raise ValueError('beside')\n")
    (beside / "package").mkdir()
    (beside / "package" / "__init__.py").write_text("")
    (beside / "package" / "inner.py").write_text("NAME = __name__\n")
    return beside


Seen = Callable[[str], dict[str, dict[str, StepFact]]]


@pytest.fixture(scope="module")
def seen(folder: Path, engines: Callable[[str], Any]) -> Iterator[Seen]:
    """What each notebook shows, in one way of running: seen("kernel")["figures"]."""
    # A kernel runs `!` in its user's shell, a fork always in the same.
    patch = pytest.MonkeyPatch()
    patch.setenv("SHELL", "/bin/bash")
    done: dict[str, dict[str, dict[str, StepFact]]] = {}

    def one(run: Callable[[Job], RunRecord], notebooks: dict[str, str]) -> dict[str, dict[str, StepFact]]:
        cells = {name: cells_of(name, text) for name, text in notebooks.items()}
        steps = tuple(Step(identity, (source,)) for own in cells.values() for identity, source in own.items())
        facts = run(Job(steps, (folder,), 3, Limits(60, 240), ("numpy", "pandas", "matplotlib.pyplot"))).facts
        return {name: {identity: facts[identity] for identity in own} for name, own in cells.items()}

    def every(way: str) -> dict[str, dict[str, StepFact]]:
        if way not in done:
            run = kernel.run if way == "kernel" else engines(way).run
            done[way] = one(run, TOGETHER)
            for name, text in ALONE.items():
                done[way] |= one(run, {name: text})
        return done[way]

    yield every
    patch.undo()


@pytest.mark.parametrize("level", ["namespaces", "landlock"])
@pytest.mark.parametrize("name", [*TOGETHER, *ALONE])
def test_a_fork_shows_what_a_kernel_shows(seen, name, level):
    real, ours = seen("kernel")[name], seen(level)[name]
    meant = EXPECTED | (EXPECTED_WITHOUT_NAMESPACES if level == "landlock" else {})
    for number, identity in enumerate(real):
        if (name, number) in meant:
            assert plain(ours[identity]) != plain(real[identity]), f"{identity}: no longer a difference"
        else:
            assert plain(ours[identity]) == plain(real[identity]), identity


# --- taking out what differs between any two runs ---------------------------------------------------------------------

_DIFFERS = [
    (re.compile(r"0x[0-9a-f]{6,}"), "ADDRESS"),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "CELL"),
    (re.compile(re.escape(str(Path.home())) + r"(?=/)"), "~"),
    (re.compile(r"(~/work|/home/learner/work|/tmp/mle-[a-z]+-[^/ '\"]+/work)"), "FOLDER"),
    (re.compile(r"\bT_[0-9a-f]{5}"), "TABLE"),
    (re.compile(r"~/(?=(failing|beside)\.py)"), "FOLDER/"),  # where the working directory is also the home
    # Where the kernel's own lines stand in a traceback, ours are left out.
    (re.compile(r"^\S*File [^\n]*/ipykernel/\w+\.py.*?(?=^\S*File |^\S*\w+Error|\Z)", re.DOTALL | re.MULTILINE),
     ""),
    (re.compile(r"-f \S+\.json.*|'-f', '[^\]]*"), "CONNECTION"),
    (re.compile(r"\n+"), "\n"),
    (re.compile(r"\d+(\.\d+)?(e[+-]\d+)? ?(ns|[uμµm]s|s)\b( ±)?"), "TIME"),
    (re.compile(r"\bpid[= ]\d+|\(pid \d+\)"), "PID"),
]


def plain(fact: StepFact) -> dict[str, Any]:
    return {"status": fact.status, "error": [_same(text) for text in fact.error],
            "outputs": [_plain_output(output) for part in fact.outputs for output in _streams_joined(part)]}


def _streams_joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A kernel sends stdout and stderr by separate ways, so only the order within each is certain."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        run = []
        for earlier in reversed(joined):
            if earlier["output_type"] != "stream":
                break
            run.append(earlier)
        same = [earlier for earlier in run if earlier["name"] == output.get("name")]
        if same and output["output_type"] == "stream":
            same[0]["text"] += output["text"]
        else:
            joined.append(dict(output))
            if output["output_type"] == "stream":
                joined[-1 - len(run):] = sorted(joined[-1 - len(run):], key=lambda stream: stream["name"])
    return joined


def _plain_output(output: dict[str, Any]) -> dict[str, Any]:
    result = json.loads(json.dumps(output))
    for kind, value in result.get("data", {}).items():
        if kind == "image/png":
            result["data"][kind] = _png(value)
        elif isinstance(value, str):
            result["data"][kind] = _same(value)
    if "traceback" in result:
        result["traceback"] = _same("\n".join(result["traceback"]))
    for key in {"text", "evalue"} & set(result):
        result[key] = _same(result[key])
    result.pop("execution_count", None)
    return result


def _png(value: str) -> str:
    data = base64.b64decode(value)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return "PNG of {}x{}".format(*struct.unpack(">II", data[16:24]))


def _same(text: str) -> str:
    for pattern, word in _DIFFERS:
        text = pattern.sub(word, text)
    return text
