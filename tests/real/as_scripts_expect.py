#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a script that calls mdscope relies on: pipes in both directions, order of stdout and stderr, closed and full streams,
names, sizes. No array is mounted here; mount_for_scripts.py has those.
"""

import json
import pty
import re
import resource

from lib import *

BASE = tempfile.mkdtemp(prefix="mdscope-scripts-")
atexit.register(shutil.rmtree, BASE)


def shell(line, **env):
    return subprocess.run(["bash", "-c", line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=DEADLINE, cwd=BASE, env=dict(os.environ, MDSCOPE=MDSCOPE, **env))


def story_pipes_as_scenarios_and_outputs():
    through = shell('set -o pipefail; "$MDSCOPE" explore pools-stop --save-scenario - 2>card | "$MDSCOPE" run -')
    check(through.returncode == 0 and "expected     crash" in through.stdout, "explore | run -: " + through.stderr)
    with open(BASE + "/card") as card:
        check("verdict" in card.read(), "the card goes to stderr when stdout is taken")
    again = shell('set -o pipefail; "$MDSCOPE" explore pools-stop --save - 2>card | "$MDSCOPE" replay -')
    check(again.returncode == 0 and "byte for byte" in again.stderr, "explore | replay -: " + again.stderr)
    for line in ('"$MDSCOPE" run <("$MDSCOPE" explore pools-stop --save-scenario - 2>card)',
                 '"$MDSCOPE" explore pools-stop --save-scenario >("$MDSCOPE" run /dev/stdin >inside; echo $? >ended) >card;'
                 ' while [ ! -s ended ]; do read -rt 0.05 <> <(:) || true; done; cat inside'):
        done = shell(line)
        check(done.returncode == 0 and "expected     crash" in done.stdout, "%s: %s" % (line, done.stderr))
    trace = shell('"$MDSCOPE" run race --trace - 2>card')
    check(len(json.loads(trace.stdout)["traceEvents"]) > 10, "--trace -: only the trace")
    picture = shell('"$MDSCOPE" run race --svg - 2>card')
    check(picture.stdout.startswith("<svg") and picture.stdout.rstrip().endswith("</svg>"), "--svg -: only the picture")
    wrong = shell('printf "mdscope-scenario 1\\nfix v3\\n" | "$MDSCOPE" explore -')
    check(wrong.returncode == 2 and "stdin:2: 'fix' takes" in wrong.stderr, "a line of stdin: " + wrong.stderr)


def story_an_expectation_beside_any_option():
    for words, code in ((["report-2021", "--expect", "crash"], 0), (["report-2021", "--expect", "crash super_written"], 0),
                        (["report-2021", "--expect", "crash md_error"], 1), (["report-2021", "--expect", "hang"], 1),
                        (["report-2021", "--fix", "upstream", "--expect", "safe"], 0),
                        (["report-2021", "--fix", "upstream", "--expect", "crash"], 1),
                        (["race-lost", "--expect", "crash"], 0), (["deaf-barrier", "--first", "--expect", "hang"], 0)):
        done = mdscope("explore", *words)
        check(done.returncode == code, "explore %s: %d, not %d" % (words, done.returncode, code))
    check(mdscope("run", "race-lost", "--expect", "crash").returncode == 0, "run --expect")


def story_an_expectation_that_is_none():
    judges = mdscope("run", "report-2021", "--expect", "violation typo")
    check(judges.returncode == 2 and "'typo'; there are: counters" in judges.stderr, "a judge: " + judges.stderr)
    text = "mdscope-scenario 1\nexpect violation typo\ntasks\n  a: stop\n"
    for command in ("run", "explore"):
        done = subprocess.run([MDSCOPE, command, "-"], input=text, capture_output=True, text=True, timeout=DEADLINE, check=False)
        check(done.returncode == 2 and "'typo'" in done.stderr, "%s, in a file: %s" % (command, done.stderr))
        done = mdscope(command, "report-2021", "--expect", "crash", "super_written")
        check(done.returncode == 2 and "--expect 'crash NAME'" in done.stderr, "not quoted: " + done.stderr)


def story_a_store_that_md_does_not_understand():
    text = "mdscope-scenario 1\ntasks\n  a: store array_state clean\n  b: store array_state %s\n"
    for command in ("run", "explore"):
        for value, line in (("foo", "line 4: md answers this store with EINVAL"), ("active", "")):
            done = subprocess.run([MDSCOPE, command, "-"], input=text % value, capture_output=True, text=True,
                                  timeout=DEADLINE, check=False)
            check(done.returncode == 0 and (line in done.stderr if line else not done.stderr),
                  "%s, %s: %s" % (command, value, done.stderr))


def story_an_argument_that_is_empty():
    """A variable that was not set."""
    for words in ([""], ["run", ""], ["create", ""], ["explore", "race", "--expect", ""], ["umount", ""], ["add", "x", ""]):
        done = mdscope(*words)
        at = words.index("") + 1
        check(done.returncode == 2 and "argument %d is empty" % at in done.stderr, "%s: %s" % (words, done.stderr))


def story_an_exhibit_in_lower_case():
    check(mdscope("museum", "m23").stdout == mdscope("museum", "M23").stdout != "", "m23 is M23")
    check(mdscope("museum", "m99").returncode == 2, "there is no m99")


def story_scenarios_by_name():
    listed = mdscope("scenarios")
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    check("report-2021" in names and names == sorted(names), "a line each: %s" % names)
    answer = json.loads(mdscope("scenarios", "--json").stdout)
    check(answer["version"] == 1 and [one["name"] for one in answer["scenarios"]] == names, "the same as JSON")
    near = mdscope("run", "reprot-2021")
    check(near.returncode == 2 and "near it: report-2021" in near.stderr, "a near name: " + near.stderr)
    for words in (["explore", "nothing-like-it"], ["run", "stop"]):
        far = mdscope(*words)
        told = [name for name in names if " " + name in far.stderr.replace(",", "").replace(".", "")]
        check(far.returncode == 2 and len(told) <= 5 and "`mdscope scenarios` lists them" in far.stderr, "%s: %s" % (words, far.stderr))
    check("stop-array" in far.stderr, "what has the word in it: " + far.stderr)
    own = BASE + "/share/mdscope/scenarios"
    os.makedirs(own)
    with open(own + "/mine.mds", "w") as file:
        file.write("mdscope-scenario 1\ntitle My own\ntasks\n  stopper: stop\n")
    env = dict(os.environ, XDG_DATA_HOME=BASE + "/share")
    check("mine" in mdscope("scenarios", env=env).stdout and mdscope("run", "mine", env=env).returncode == 0, "one's own")
    with open(own + "/broken.mds", "w") as file:
        file.write("mdscope-scenario 1\nfix v3\n")
    listed = mdscope("scenarios", env=env)
    check(listed.returncode == 0 and own + "/broken.mds:2: 'fix' takes" in listed.stderr, "which, and why: " + listed.stderr)
    check("mine" in listed.stdout and "broken" not in listed.stdout, "the others are listed")
    os.remove(own + "/broken.mds")
    env = dict(os.environ, MDSCOPE_DATA=BASE + "/share/mdscope", HOME=BASE)
    env.pop("XDG_DATA_HOME", None)
    check(mdscope("scenarios", env=env).stdout.split() == ["mine", "My", "own"], "MDSCOPE_DATA is instead of what is here")
    for word, instead in (("-D", "detail"), ("--detail", "detail"), ("status", "detail"), ("-E", "examine"),
                          ("list", "scenarios"), ("unmount", "umount")):
        done = mdscope(word)
        check(done.returncode == 2 and "`mdscope %s`" % instead in done.stderr, "%s: %s" % (word, done.stderr))


def story_sizes_and_counts():
    for size, bytes_ in (("8M", 8 << 20), ("8MiB", 8 << 20), ("8MB", 8000000), ("8388608", 8 << 20), ("8192KiB", 8 << 20)):
        lab = "%s/%s" % (BASE, size)
        done = mdscope("create", lab, "--size", size)
        check(done.returncode == 0 and os.path.getsize(lab + "/sda.img") == bytes_, "--size %s: %s" % (size, done.stderr))
    for size in ("8Mi", "8MIB", "8bM", "8BB", "99999999TB"):
        check(mdscope("create", BASE + "/none", "--size", size).returncode == 2, "--size " + size)
    check(mdscope("explore", "all-clean", "--budget", "10M", "--seed", "18446744073709551615").returncode == 0, "10M")


def story_stdout_and_stderr_in_order():
    both = shell('"$MDSCOPE" examine %s/8M/sda.img /dev/null %s/8M/sdb.img 2>&1' % (BASE, BASE)).stdout.splitlines()
    at = [i for i, line in enumerate(both) if line.startswith("mdscope: /dev/null")]
    check(at and 0 < at[0] < len(both) - 1, "the error stands between the two images: %s" % at)


def story_streams_that_are_not_there():
    check(shell('"$MDSCOPE" create made >/dev/full').returncode == 0, "what was made is made, whoever could read of it")
    check(shell('"$MDSCOPE" create made2 >&-').returncode == 0, "... or nobody")
    for line in ('examine made/sda.img', 'explore all-clean', 'scenarios', 'museum', 'run race', '--help'):
        for into in (">/dev/full", ">&-"):
            done = shell('"$MDSCOPE" %s %s' % (line, into))
            check(done.returncode == 1 and "cannot write to stdout" in done.stderr, "%s %s: %d %s" %
                  (line, into, done.returncode, done.stderr))
    check(shell('"$MDSCOPE" explore all-clean <&- >/dev/null 2>&-').returncode == 0, "without stdin and stderr")


def on_terminal(term, *words):
    """What a terminal of that kind gets on stderr."""
    parent, child = pty.openpty()
    env = dict(os.environ, TERM=term, COLUMNS="40")
    subprocess.run(["stty", "cols", "40"], stdin=child, check=True)
    done = subprocess.run([MDSCOPE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=child, env=env,
                          timeout=DEADLINE, check=False)
    os.close(child)
    text = b""
    try:
        while part := os.read(parent, 65536):
            text += part
    except OSError:
        pass  # the other end is closed
    os.close(parent)
    return done.returncode, text.decode()


def story_progress_fits_the_terminal():
    words = ("explore", "late-daemon", "--granularity", "fine", "--budget", "100000")
    code, text = on_terminal("xterm", *words)
    lines = [part for part in text.replace("\r\n", "\r").split("\r") if part]
    check(code == 5 and any("states" in line for line in lines), "progress on a terminal: %r" % text[:200])
    check(all(len(line.replace("\033[K", "")) < 40 for line in lines), "as wide as the terminal: %s" % lines[:5])
    check(on_terminal("dumb", *words) == (5, ""), "none on a dumb one")


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def story_a_file_size_limit_fails_a_write():
    done = subprocess.run([MDSCOPE, "explore", "report-2021", "--save", BASE + "/limited"], preexec_fn=limited, timeout=DEADLINE,
                          capture_output=True, text=True, check=False)
    check(done.returncode == 1 and "cannot write" in done.stderr, "ulimit -f: %d %s" % (done.returncode, done.stderr))


def story_names_that_are_none_get_the_nearest_ones():
    for words, near in ((["museum", "stop_bitmap"], "near it: stop_bitmap_2021"), (["museum", "M2x"], "near it: M2"),
                        (["explore", "--exhibit", "stop_bitmap_2012"], "near it: stop_bitmap_2021"),
                        (["exlore"], "near it: explore"), (["explore", "race", "--unplg", "md"], "near it: --unplug"),
                        (["explore", "race", "--buget=5"], "near it: --budget")):
        done = mdscope(*words)
        check(done.returncode == 2 and near in done.stderr, "%s: %s" % (words, done.stderr))
        check("`mdscope " in done.stderr and len(done.stderr) < 400, "%s: and what lists all: %s" % (words, done.stderr))


def story_the_version_names_the_commit():
    done = mdscope("--version")
    gui = os.path.dirname(MDSCOPE) + "/mdscope-gui"
    if os.access(gui, os.X_OK):
        its = subprocess.run([gui, "--version"], capture_output=True, text=True, timeout=DEADLINE, check=False).stdout
        check(its == done.stdout.replace("mdscope ", "mdscope-gui ", 1), "the window's: " + its)
    check(re.fullmatch(r"mdscope \d+\.\d+\.\d+( \([0-9a-f]{7,}, \d{4}-\d\d-\d\d\))?\n", done.stdout), done.stdout)
    if os.path.exists(TOP + "/.git"):
        check("(" in done.stdout, "built in a repository: its commit")


run_stories(globals())
finish("as_scripts_expect")
