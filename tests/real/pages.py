#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Man pages and completions: every command, option and exit code of --help is there, roff has nothing to say against the
pages, and bash offers what it should. (tests/packages looks at what is installed.)
"""

import re

from lib import *

FOLDER = tempfile.mkdtemp(prefix="mdscope-pages-")
atexit.register(shutil.rmtree, FOLDER)
OPTION = re.compile(r"^ +(?:-\w,)?(--[a-z][a-z-]*)", re.MULTILINE)


def page(command):
    with open("%s/man1/mdscope%s.1" % (FOLDER, "-" + command if command else "")) as file:
        return file.read()


def commands():
    table = re.split(r"^commands:\n", mdscope("--help").stdout, flags=re.MULTILINE | re.IGNORECASE)[1]
    return re.findall(r"^  ([a-z-]+) ", table.partition("\n\n")[0], re.MULTILINE)


def offered(*words):
    script = ('source "$0/bash/mdscope"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mdscope; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    env = dict(os.environ, PATH=os.path.dirname(MDSCOPE) + ":" + os.environ["PATH"])
    done = subprocess.run(["bash", "-c", script, FOLDER, *words], capture_output=True, text=True, timeout=DEADLINE, env=env,
                          check=False)
    check(not done.stderr, "completion of %s: %s" % (words, done.stderr))
    return done.stdout.split()


def story_every_option_is_on_its_page():
    seen = 0
    for command in ["", *commands()]:
        text = page(command).replace("\\-", "-")
        for option in OPTION.findall(mdscope(*([command] if command else []), "--help").stdout):
            seen += 1
            check(option in text, "mdscope-%s.1 has no %s" % (command, option))
        check("EXIT STATUS" in text, "mdscope-%s.1: exit codes" % command)
    check(seen > 150, "so few options: %d" % seen)
    check(len(os.listdir(FOLDER + "/man1")) == len(commands()) + 1, "a page for each command")
    codes = re.findall(r"^  (\d+) ", mdscope("--help").stdout.partition("Exit codes:\n")[2], re.MULTILINE)
    check(codes and all("\\fB%s\\fR" % code in page("") for code in codes), "each exit code: %s" % codes)


def story_the_default_of_each_table_is_marked():
    for command in ("mount", "explore", "run", "tree", "pair"):
        text = re.sub(r"\n {20,}", " ", mdscope(command, "--help").stdout)  # below an option that is too long
        tables = re.findall(r"^  (--[a-z-]+) ROW(?:,ROW)? +(.*)$", text, re.MULTILINE)
        check(len(tables) > 25, "%s: so few tables: %d" % (command, len(tables)))
        for name, said in tables:
            # A pair has another default of its own.
            of_pair = command == "pair" and name == "--fix" and "none,upstream if no kernel is named" in said
            check(of_pair or said.count("(default)") == 1, "%s %s: %s" % (command, name, said))


def story_values_have_names():
    for command in ["", *commands()]:
        text = mdscope(*([command] if command else []), "--help").stdout
        for cryptic in (" TEXT", " INT", " UINT", "REQUIRED", " in ["):
            check(cryptic not in text, "%s --help:%s" % (command, cryptic))


def story_the_examples_of_searches_end_well():
    """And soon; what is searched for long, and a code that is not there, are left out."""
    folder = FOLDER + "/examples"
    os.mkdir(folder)
    env = dict(os.environ, PATH=os.path.dirname(MDSCOPE) + ":" + os.environ["PATH"])
    seen = 0
    for command in ("explore", "run", "tree", "replay", "scenarios", "museum"):
        for line in re.findall(r"^(?:  |Example: )(mdscope .*)$", mdscope(command, "--help").stdout, re.MULTILINE):
            example = re.split(r" {3,}| \.\.\. ", line)[0]
            if "--museum" in example or "mds1:" in example:
                continue
            seen += 1
            try:
                done = subprocess.run(["sh", "-c", example], cwd=folder, env=env, capture_output=True, text=True,
                                      timeout=DEADLINE, check=False)
            except subprocess.TimeoutExpired:
                check(False, "%s: has not ended" % example)
                continue
            check(done.returncode == 0, "%s: %d %s" % (example, done.returncode, done.stderr[-300:]))
    check(seen > 20, "so few examples: %d" % seen)


def story_roff_takes_them():
    if not shutil.which("groff"):
        return
    for name in os.listdir(FOLDER + "/man1"):
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-rLL=100n", "-Tutf8", "%s/man1/%s" % (FOLDER, name)],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        check(done.returncode == 0 and not done.stderr, "%s: %s" % (name, done.stderr))


def story_bash_completes():
    check("explore" in offered("mdscope", "expl"), "a command")
    check("pages" not in offered("mdscope", ""), "what is not told of is not offered")
    check("--expect" in offered("mdscope", "explore", "--exp"), "an option")
    check("dfs" in offered("mdscope", "explore", "--strategy", "d"), "a value")
    check("report-2021" in offered("mdscope", "run", "report"), "a scenario")
    for shell, file in (("zsh", "zsh/_mdscope"), ("fish", "fish/mdscope.fish"), ("bash", "bash/mdscope")):
        if shutil.which(shell):
            done = subprocess.run([shell, "-n", FOLDER + "/" + file], capture_output=True, text=True, timeout=DEADLINE, check=False)
            check(done.returncode == 0 and not done.stderr, "%s reads it: %s" % (shell, done.stderr))


made = mdscope("pages", FOLDER)
check(made.returncode == 0 and "pages" not in commands(), "pages: " + made.stderr)
run_stories(globals())
finish("pages")
