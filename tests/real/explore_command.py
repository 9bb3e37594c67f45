#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""explore, run, replay and tree as a person types them: what they print, what they exit with, and that bad input of any
kind is answered with a line and never with a crash. Nothing is mounted here.
"""

import json
import resource
import shutil
import stat

from lib import *

FOLDER = tempfile.mkdtemp(prefix="mdscope-explore-")
atexit.register(shutil.rmtree, FOLDER)


def mds(*words, **more):
    return subprocess.run([MDSCOPE, *words], capture_output=True, text=True, timeout=120, **more)


def path(name, text=None):
    full = os.path.join(FOLDER, name)
    if text is not None:
        with open(full, "w") as file:
            file.write(text)
    return full


def story_a_crash_is_found_saved_and_replayed():
    saved = path("crash.replay")
    found = mds("explore", "report-2021", "--save", saved)
    check(found.returncode == 0, "the report's expectation holds: " + found.stderr)
    check("crash super_written: yes" in found.stdout and "RIP: 0010:super_written" in found.stdout, "the card")
    check(found.stdout.endswith("Replay it: mdscope replay %s\n" % saved), "the card says how to replay it")
    first, second = mds("replay", saved, "--log"), mds("replay", saved, "--log")
    check(first.returncode == 0 and "byte for byte" in first.stderr, "the replay: " + first.stderr)
    check(first.stdout and first.stdout == second.stdout, "twice the same log")
    with open(saved) as file:
        text = file.read()
    drifted = mds("replay", path("drift.replay", text.replace("(sdb bitmap", "(sdc bitmap")))
    check(drifted.returncode == 1 and "drifted" in drifted.stderr, "a replay that drifts: " + drifted.stderr)
    cut = mds("replay", path("cut.replay", text[: len(text) // 2]))
    check(cut.returncode == 2 and "cut.replay:" in cut.stderr, "half a replay file: " + cut.stderr)


def story_a_crash_is_saved_as_a_scenario():
    saved = path("crash.mds")
    found = mds("explore", "pools-stop", "--save-scenario", saved)
    check(found.returncode == 0, "explore --save-scenario: " + found.stderr)
    again = mds("run", saved)
    check(again.returncode == 0 and "expected     crash" in again.stdout, "it is run: " + again.stderr + again.stdout)
    with open(saved) as file:
        check("\nschedule\n" in file.read(), "it has a schedule")
    safe = mds("explore", "all-clean", "--save-scenario", path("none.mds"))
    check(safe.returncode == 0 and "nothing to save" in safe.stderr and not os.path.exists(path("none.mds")), "no crash")


def story_a_search_ends_at_its_bound_on_memory():
    rest = path("rest")
    words = ("explore", "four-pages", "--granularity", "fine", "--fix", "upstream")
    found = mds(*words, "--memory", "64M", "--save-search", rest, "--json")
    said = json.loads(found.stdout)
    check(found.returncode == 5 and said["out_of_memory"] and not said["complete"], "it ends, not known: " + found.stderr)
    on = mds("explore", "--resume", rest, "--budget", str(said["states"] + 1000))
    check(on.returncode == 5, "and is gone on with: " + on.stderr + on.stdout)
    for wrong, why in (("1M", "the program alone has"), ("2X", "unknown unit"), ("-1", "is negative")):
        refused = mds(*words, "--memory=" + wrong)
        check(refused.returncode == 2 and why in refused.stderr, "--memory " + wrong + ": " + refused.stderr)


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


def story_too_little_memory_is_said():
    small = path("small.mds", "mdscope-scenario 1\nbitmap internal\nsize 1152K\nchunk 64K\ncrash kill\nbits clear\n"
                 "write-size 1K\ntasks\n a: write 0\n")
    for words in (["explore", small, "--jobs", "2"], ["explore", "four-pages", "--jobs", "2"], ["run", "race"]):
        little = mds(*words, preexec_fn=little_memory)
        check(little.returncode in (1, 2) and "not enough memory" in little.stderr,
              "%s: %d %s" % (words, little.returncode, little.stderr))


def story_the_museum_is_told_and_searched():
    table = mds("museum")
    told = json.loads(mds("museum", "--json").stdout)["exhibits"]
    check(table.returncode == 0 and len(told) >= 2, "museum: " + table.stderr)
    for exhibit in told:
        check(exhibit["title"] in table.stdout, "the table has " + exhibit["title"])
    page = mds("museum", "M23", "--answers")
    check(page.returncode == 0 and "md_super_wait" in page.stdout and "404a8ef51258" in page.stdout, "a page")
    missing = mds("museum", "M99")
    check(missing.returncode == 2 and "`mdscope museum` lists them" in missing.stderr, "no such exhibit")
    searched = mds("explore", "--museum", "--kernel", "5.13", "--json")
    check(searched.returncode == 0, "5.13 has what its exhibits say: " + searched.stderr)
    tried = json.loads(searched.stdout)["tried"]
    check(len(tried) == len(told), "each exhibit is tried in a kernel")
    check(not [one for one in tried if one["number"] == "M23" and one["has_it"]], "5.13 has the fix of the report")
    short = mds("explore", "--museum", "--kernel", "5.12", "--budget", "2")
    check(short.returncode == 5 and "nothing was met; there is more to look at" in short.stderr,
          "what was not met in two states is not known: %d %s" % (short.returncode, short.stderr))
    check(mds("explore", "--museum", "report-2021").returncode == 2, "--museum has scenarios of its own")


def limited():
    # One more byte than this into any file is an error: a full disk that needs no disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))


def story_what_cannot_be_written_is_not_written():
    for option in ("--save", "--save-scenario"):
        kept = path("kept", "as it was")
        for target in (kept, path("new")):
            full = mds("explore", "report-2021", option, target, preexec_fn=limited, restore_signals=False)
            check(full.returncode == 1 and "cannot write " + target in full.stderr, option + full.stderr)
            # What was found is told all the same, but not that there is something to be replayed.
            check("verdict      crashes" in full.stdout and "Replay it" not in full.stdout, option + full.stdout)
        with open(kept) as file:
            check(file.read() == "as it was", "the old file stays")
        left = [name for name in os.listdir(FOLDER) if name.startswith(("kept.", "new"))]
        check(not left, "nothing is left behind: %s" % left)
        for target in (FOLDER, FOLDER + "/no/such/file"):
            early = mds("explore", "report-2021", option, target)
            check(early.returncode == 1 and "cannot write " + target in early.stderr and not early.stdout,
                  "%s %s, before it is searched for: %s" % (option, target, early.stderr))
    full = mds("explore", "report-2021", "--save", "/dev/full")
    check(full.returncode == 1 and "No space left" in full.stderr, "a full device: " + full.stderr)
    check(stat.S_ISCHR(os.stat("/dev/full").st_mode), "a device stays one")


def story_the_fix_is_safe():
    for fix in ("v1", "proposal", "upstream"):
        card = mds("explore", "report-2021", "--fix", fix, "--order", "2022")
        check(card.returncode == 0 and "safe: no schedule" in card.stdout, "fix %s is safe" % fix)
        check("expected" not in card.stdout, "a changed scenario expects nothing")
    answer = json.loads(mds("explore", "--json", "--bitmap", "file", "--fix", "none").stdout)
    check(answer["verdict"] == "safe" and answer["complete"] and answer["version"] == 1, "a file as home is safe")


def story_exit_codes():
    wrong = path("wrong.mds", "mdscope-scenario 1\ntasks\n  stopper: stop\nexpect crash\n")
    check(mds("explore", wrong, "--json").returncode in (0, 1), "a scenario by path")
    safe = path("safe.mds", "mdscope-scenario 1\nkernel 5.12\ntasks\n  stopper: stop\nexpect hang\n")
    check(mds("explore", safe).returncode == 1, "an expectation that does not hold")
    bad = path("bad.mds", "mdscope-scenario 1\nfix v3\n")
    for command in ("explore", "run", "tree"):
        answer = mds(command, bad)
        check(answer.returncode == 2 and "%s:2: 'fix' takes" % bad in answer.stderr, command + ": " + answer.stderr)
    answer = mds("explore", "--io-error", "many")
    check(answer.returncode == 2 and "--io-error takes a number" in answer.stderr, "by its option: " + answer.stderr)
    for words in (["explore", "no-such"], ["explore", "--fix", "v3"], ["explore", "--pages", "9"], ["replay", bad],
                  ["explore", FOLDER + "/"], ["explore", "--matrix", "--fix", "none"], ["replay", FOLDER + "/none"],
                  ["explore", "report-2021", "--entrance", "readonly"], ["explore", "--strategy", "magic"]):
        answer = mds(*words)
        check(answer.returncode == 2 and answer.stderr and not answer.stdout, "%s: %d" % (words, answer.returncode))
    check(mds("explore", path("long.mds", "x" * (1 << 20))).stderr.endswith("the line has more than 1024 bytes\n"),
          "a line of 1 MiB")


def story_ctrl_c_gives_the_card_so_far():
    with subprocess.Popen([MDSCOPE, "explore", "late-daemon", "--granularity", "fine", "--budget", "1000000000"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as search:
        wait_for(lambda: cpu_seconds(search.pid) > 0.2, "the search is under way")
        search.send_signal(signal.SIGINT)
        out, _ = search.communicate(timeout=DEADLINE)
    check(search.returncode == 130 and "interrupted, there is more to look at" in out, "Ctrl-C: %d" % search.returncode)


def counts(answer):
    found = json.loads(answer.stdout)
    found.pop("seconds", None)
    return found


def story_a_search_that_ended_early_goes_on():
    rest = path("rest")
    for words, budget in ((["late-daemon"], "100"), (["report-2021", "--strategy", "pct", "--seed", "7"], "50"),
                          (["late-daemon", "--granularity", "fine", "--preemptions", "1"], "300")):
        all_of_it = ["--budget", "400"] if "pct" in words else []
        whole = mds("explore", *words, *all_of_it, "--json")
        part = mds("explore", *words, "--budget", budget, "--save-search", rest)
        check("to go on: mdscope explore --resume %s\n" % rest in part.stderr, "%s: %s" % (words, part.stderr))
        half = mds("explore", *words, "--budget", budget, "--json")
        check(counts(half) != counts(whole), "%s: %s is less than all of it" % (words, budget))
        more = mds("explore", "--resume", rest, *all_of_it, "--json")
        check(counts(more) == counts(whole), "%s: %s\n%s" % (words, more.stdout[:1000], more.stderr))
    check("nothing is left to search" in mds("explore", "race", "--save-search", path("none")).stderr, "all of it")

    check(mds("explore", "late-daemon", "--budget", "50", "--save-search", rest).returncode in (0, 5), "another one")
    for words, why in ((["race"], "another array or other tasks"), (["--strategy", "dfs"], "its strategy is bfs, not dfs"),
                       (["late-daemon", "--fix", "none", "--order", "2021"], "another array or other tasks"),
                       (["--preemptions", "1"], "bound on preemptions is any, not 1"),
                       (["--budget", "20"], " were counted before"), (["--matrix"], "for one scenario")):
        answer = mds("explore", "--resume", rest, *words)
        check(answer.returncode == 2 and why in answer.stderr, "%s: %s" % (words, answer.stderr))
    check(mds("explore", "late-daemon", "--resume", rest).returncode == mds("explore", "late-daemon").returncode, "the same")
    with open(rest, "rb") as file:
        text = file.read()
    for wrong in (text[:-1], text.replace(b"strategy bfs", b"strategy dfs"), b"", text.replace(b"commit ", b"commit x")):
        with open(rest, "wb") as file:
            file.write(wrong)
        answer = mds("explore", "--resume", rest)
        check(answer.returncode == 2 and answer.stderr.startswith("mdscope: " + rest), "damaged: " + answer.stderr)
    check(mds("explore", "--resume", path("no")).returncode == 2, "no such file")


def story_a_search_that_cannot_be_kept():
    """Nobody is told to go on with what was not written, and what was found is told."""
    rest = path("full")
    begun = mds("explore", "four-pages", "--budget", "1000", "--save-search", rest)
    check("to go on: mdscope explore --resume " + rest in begun.stderr, "begun: " + begun.stderr)
    with open(rest, "rb") as file:
        before = file.read()
    for words in (["--resume", rest, "--budget", "2000"], ["four-pages", "--budget", "1000", "--save-search", rest]):
        full = mds("explore", *words, preexec_fn=limited, restore_signals=False)
        check(full.returncode == 1 and "cannot write " + rest in full.stderr, "%s: %s" % (words, full.stderr))
        check("to go on" not in full.stderr + full.stdout, "%s: nothing to go on with: %s" % (words, full.stderr))
        check("verdict      crashes" in full.stdout, "%s: the card: %s" % (words, full.stdout))
        with open(rest, "rb") as file:
            check(file.read() == before, "the old one stays")
    for target, code in (("/dev/null", 2), ("-", 2), ("/dev/full", 2), (FOLDER, 1), (FOLDER + "/no/such", 1)):
        early = mds("explore", "four-pages", "--budget", "1000", "--save-search", target)
        check(early.returncode == code and not early.stdout and "to go on" not in early.stderr, "%s: %s" % (target, early.stderr))
    gone = os.open(path("gone", ""), os.O_RDWR)  # read through its descriptor, and there is no place beside it
    os.write(gone, before)
    os.unlink(path("gone"))
    read_only = mds("explore", "--resume", "/dev/fd/%d" % gone, "--budget", "2000", pass_fds=[gone])
    check(read_only.returncode == 0 and "is not kept (--save-search" in read_only.stderr, "no place: " + read_only.stderr)
    check("to go on" not in read_only.stderr and "verdict      crashes" in read_only.stdout, "it goes on: " + read_only.stdout)
    os.close(gone)
    blank = path("a blank")
    begun = mds("explore", "four-pages", "--budget", "1000", "--save-search", blank)
    line = begun.stderr.partition("to go on: mdscope ")[2].strip() + " --budget 2000"
    again = subprocess.run(["sh", "-c", '"$0" ' + line, MDSCOPE], capture_output=True, text=True, timeout=120, check=False)
    check(again.returncode == 0 and "verdict" in again.stdout, "what it says can be typed: %s: %s" % (line, again.stderr))


def story_a_budget_of_executions_is_exact():
    """One of states ends with what follows from the last one, which the help says."""
    drawn = json.loads(mds("explore", "four-pages", "--strategy", "random", "--budget", "100", "--json").stdout)
    check(drawn["schedules"] == 100, "%d executions" % drawn["schedules"])
    states = json.loads(mds("explore", "four-pages", "--budget", "1000", "--json").stdout)["states"]
    check(1000 <= states < 1100, "about 1000 states: %d" % states)
    words = " ".join(mds("explore", "--help").stdout.split())
    check("So many executions, or about so many states" in words, "--help: " + words)


def story_ctrl_c_keeps_the_search():
    rest = path("kept")
    words = ["explore", "late-daemon", "--granularity", "fine"]
    with subprocess.Popen([MDSCOPE, *words, "--budget", "1000000000", "--save-search", rest], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as search:
        wait_for(lambda: cpu_seconds(search.pid) > 0.2, "the search is under way")
        search.send_signal(signal.SIGINT)
        _, err = search.communicate(timeout=DEADLINE)
    check(search.returncode == 130 and "to go on" in err, "Ctrl-C: %s" % err)
    before = os.stat(rest).st_size
    more = mds("explore", "--resume", rest, "--budget", "100000")
    check(more.returncode in (0, 1, 5) and os.stat(rest).st_size != before, "it goes on: " + more.stderr)


def story_a_matrix_that_nobody_reads_ends():
    with subprocess.Popen([MDSCOPE, "explore", "--matrix"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as search:
        search.stdout.close()
        err = search.stderr.read()
        check(search.wait(timeout=DEADLINE) == 1 and "stdout was closed" in err, "a closed stdout: " + err)
        check("about two minutes" in err, "the matrix says how long it takes: " + err)
    coarse = mds("explore", "--matrix", "--granularity", "coarse")
    check(coarse.returncode == 0 and "cells\n" in coarse.stderr, "progress without a terminal: " + coarse.stderr)


def story_trees_of_none_and_upstream_differ_in_one_line():
    none = mds("tree", "referee-external", "--fix", "none").stdout.splitlines()
    upstream = mds("tree", "referee-external").stdout.splitlines()
    more = list(upstream)
    for line in none:
        more.remove(line)
    check(len(upstream) == len(none) + 1 and more == ["        md_super_wait"], "one line more: %s" % more)
    check(len(mds("tree", "referee-external", "--all").stdout.splitlines()) > len(upstream), "--all has more")


for story in [value for name, value in list(globals().items()) if name.startswith("story_")]:
    story()
finish("explore_command")
