#!/usr/bin/env python3
# ctest: TIMEOUT 240
# SPDX-License-Identifier: MIT
"""`mdscope run` of a scenario with a schedule or a second array, as a person types it: both results, where they part, a
schedule that cannot go on, codes of one line, files that are written whole or not at all. Nothing is mounted here.
"""

import json
import resource
import shutil
import xml.etree.ElementTree

from lib import *

FOLDER = tempfile.mkdtemp(prefix="mdscope-run-")
atexit.register(shutil.rmtree, FOLDER)
SCENARIOS = TOP + "/assets/scenarios/"


def mds(*words, **more):
    return subprocess.run([MDSCOPE, *words], capture_output=True, text=True, timeout=120, **more)


def path(name, text=None):
    full = os.path.join(FOLDER, name)
    if text is not None:
        with open(full, "w") as file:
            file.write(text)
    return full


def text_of(name):
    with open(SCENARIOS + name + ".mds") as file:
        return file.read()


def story_both_ends_of_the_race():
    late, early = mds("run", "hold-stop-release"), mds("run", "release-early")
    check(late.returncode == 0 and early.returncode == 0, "both end as expected: " + late.stderr + early.stderr)
    check("  A            fix none: crash: NULL pointer dereference of rdev->mddev in super_written\n" in late.stdout and
          "  B            fix upstream: done\n" in late.stdout, "released late, A crashes: " + late.stdout[:400])
    check("  A            fix none: done\n" in early.stdout and "  B            fix upstream: done\n" in early.stdout,
          "released early, none does: " + early.stdout[:400])
    answer = json.loads(mds("run", "hold-stop-release", "--json").stdout)
    check("difference   first at tick %d," % answer["first_difference"] in late.stdout, "one first difference")
    check(answer["a"]["ending"] == "crash" and answer["b"]["ending"] == "done", "both endings in the JSON")
    waits = [answer[side]["tree"].count("md_super_wait") for side in "ab"]
    check(waits[1] == waits[0] + 1, "B waits once more than A: %s" % waits)
    race = mds("run", "race")
    check(race.returncode == 0 and "  A            fix none: crash: NULL pointer dereference of rdev->mddev in super_written\n"
          in race.stdout and "  B            fix upstream: done\n" in race.stdout, "the race is one: " + race.stdout[:400])
    mended = mds("run", "race", "--fix", "upstream")
    check("crash" not in mended.stdout, "there is none with the fix: " + mended.stdout[:400])
    check(mds("run", "race").stdout == race.stdout, "twice the same")
    logs = mds("run", "race", "--log").stdout
    check(logs.startswith("==== A: fix none\n") and "\n==== B: fix upstream\n" in logs, "both logs")


def story_expectations_are_of_the_first_array():
    hang = path("hang.mds", text_of("release-early").replace("expect safe", "expect hang"))
    check(mds("run", hang).returncode == 1, "an expectation that does not hold")
    crash = path("crash.mds", text_of("hold-stop-release").replace("versus  fix upstream\n", ""))
    answer = mds("run", crash)
    check(answer.returncode == 0 and "====" not in answer.stdout and "expected     crash super_written: yes" in
          answer.stdout, "a schedule without `versus`: one result: " + answer.stdout)
    check(mds("run", "hold-stop-release", "--until", "4").returncode == 0, "nothing is expected of half a run")
    check(mds("explore", "release-early").returncode == 0, "a search does not ask what one schedule ends in")


def story_what_is_expected_of_a_search():
    """Every scenario by its name: a run never fails because it is not the search."""
    for name in sorted(file[:-4] for file in os.listdir(SCENARIOS) if file.endswith(".mds")):
        answer = mds("run", name)
        check(answer.returncode in (0, 5), "%s: %d %s" % (name, answer.returncode, answer.stderr))
        check((answer.returncode == 5) == ("is expected of the search" in answer.stderr), name + ": " + answer.stderr)
    answer = mds("run", "late-file")
    check(answer.returncode == 5 and "expected     crash end_bitmap_write: not known" in answer.stdout, answer.stdout[:400])
    check(json.loads(mds("run", "late-file", "--json").stdout)["a"]["expectation"] == "not known", "in JSON")
    # On the command line it is asked of this run, which is the same.
    def picks(*words):
        answer = json.loads(mds("run", *words, "--json").stdout)
        return [answer[side]["picks"] for side in "ab"]

    for name in ("late-file", "race", "spare-role", "hold-stop-release"):
        for expect in ("crash", "safe", "any"):
            check(picks(name, "--expect", expect) == picks(name), "%s --expect %s runs as without" % (name, expect))
    check(mds("run", "late-file", "--expect", "crash").returncode == 1, "this run does not crash")
    check(mds("run", "late-file", "--expect", "safe").returncode == 0, "it ends well")


def story_a_schedule_that_cannot_go_on():
    text = text_of("release-early")
    line = text[: text.index("  sdb bitmap 1")].count("\n") + 1
    answer = mds("run", path("drift.mds", text.replace("sdb bitmap 1", "sdb bitmap 7")))
    check(answer.returncode == 1 and not answer.stdout and "line %d: tick 32: 'sdb bitmap 7' is not possible; possible are "
          "'sda bitmap 1', 'sdb bitmap 1', 'stopper'" % line in answer.stderr, "a drift: " + answer.stderr)
    check(mds("tree", path("drift.mds")).returncode == 2, "a tree of it")
    wrong = path("wrong.mds", text.replace("start stopper", "start stoper"))
    answer = mds("run", wrong)
    check(answer.returncode == 2 and "wrong.mds:" in answer.stderr and "no task 'stoper'" in answer.stderr,
          "a wish for nobody: " + answer.stderr)
    held = mds("run", path("held.mds", text_of("hold-stop-release").replace("  release all\n", "")))
    check(held.returncode == 0 and "let go: sda bitmap 1, sdb bitmap 1" in held.stderr, "what is held: " + held.stderr)


def story_how_far_it_goes():
    oops = json.loads(mds("run", "hold-stop-release", "--until", "oops", "--json").stdout)
    check(oops["a"]["ending"] == "crash" and oops["b"]["is_over"] is False, "until the first Oops")
    end = json.loads(mds("run", "hold-stop-release", "--until", "end", "--json").stdout)
    check("is_over" not in end["b"] and end["ticks"] > oops["ticks"], "until the end")
    check(json.loads(mds("run", "race", "--until", "3", "--json").stdout)["ticks"] == 3, "until a tick")
    check(mds("run", "race", "--until", "3").stderr == "", "nothing to say")
    for words in (["--until", "soon"], ["--describe", "--at", "9999"], ["--until", "-1"], ["--at", "x"]):
        answer = mds("run", "race", *words)
        check(answer.returncode == 2 and answer.stderr and not answer.stdout, "%s: %d" % (words, answer.returncode))


def story_a_code_opens_wherever_a_scenario_does():
    code = mds("run", "hold-stop-release", "--share", "--at", "7").stdout.strip()
    check(code.startswith("mds1:") and len(code) <= 2048 and "\n" not in code, "a code: " + code)
    from_code, from_file = mds("run", code, "--json"), mds("run", "hold-stop-release", "--json")
    check(from_code.returncode == 0, "a code is run: " + from_code.stderr)
    check(json.loads(from_code.stdout)["a"]["picks"] == json.loads(from_file.stdout)["a"]["picks"], "the same run")
    check("\nplayhead 7\n" in json.loads(from_code.stdout)["a"]["scenario"]["text"], "the same playhead")
    check(mds("run", code, "--share").stdout.strip() == code, "shared again it is the same code")
    check(mds("explore", code).returncode == 0 and mds("tree", code).returncode == 0, "explore and tree")
    for wrong in ("mds1:", "mds1:A", "mds1:" + "A" * 5000, code[:-9], code[:60] + "*" + code[61:], code + code[5:]):
        answer = mds("run", wrong)
        check(answer.returncode == 2 and not answer.stdout and "code" in answer.stderr, "%s: %s" % (wrong, answer.stderr))


def limited():
    # One more byte than this into any file is an error: a full disk that needs no disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def story_a_trace_is_written_whole_or_not_at_all():
    target = path("race.json")
    answer = mds("run", "hold-stop-release", "--trace", target)
    check(answer.returncode == 0 and answer.stdout == mds("run", "hold-stop-release").stdout, "the same answer")
    with open(target) as file:
        events = json.load(file)["traceEvents"]
    check({event["pid"] for event in events} == {1, 2}, "two processes")
    check(oct(os.stat(target).st_mode & 0o777) == oct(0o666 & ~umask()), "the rights of a new file")
    whole = os.stat(target).st_size
    full = mds("run", "hold-stop-release", "--trace", target, preexec_fn=limited, restore_signals=False)
    check(full.returncode == 1 and "cannot write " + target in full.stderr and not full.stdout, "full: " + full.stderr)
    check(os.stat(target).st_size == whole, "the old trace stays")
    check(not [name for name in os.listdir(FOLDER) if name.startswith("race.json.")], "nothing is left behind")
    link = path("link.json")
    os.symlink("race.json", link)
    check(mds("run", "race", "--trace", link).returncode == 0 and os.path.islink(link), "a link stays one")
    plain = mds("run", "report-2021", "--trace", target)
    check(plain.returncode == 0 and "====" not in plain.stdout, "one array is told of: " + plain.stderr)
    check(mds("run", "race", "--trace", "/dev/full").returncode == 1, "a full device")
    piped = mds("run", "race", "--trace", "/dev/stderr")
    check(json.loads(piped.stderr)["otherData"]["scenario"] == "race", "a pipe gets it as it is")


def story_a_picture_is_xml():
    target = path("race.svg")
    answer = mds("run", "hold-stop-release", "--svg", target, "--at", "30")
    check(answer.returncode == 0, "--svg: " + answer.stderr)
    with open(target, encoding="utf-8") as file:
        text = file.read()
    words = [node.text for node in xml.etree.ElementTree.fromstring(text).iter() if node.text]
    for wanted in ("A: fix none", "B: fix upstream", "mddev->pending_writes", "bitmap->pending_writes", "now: 30",
                   "first difference: 27", "OOPS super_written"):
        check(wanted in words, "the picture says '%s'" % wanted)


def story_a_tick_in_words():
    text = mds("run", "hold-stop-release", "--describe", "--at", "30").stdout
    for wanted in ("Tick 30 of", "mddev->pending_writes 2, bitmap->pending_writes 0", "IN DANGER", "WAITING", "why 5:"):
        check(wanted in text, "--describe says '%s'" % wanted)
    code = mds("run", "hold-stop-release", "--share", "--at", "30").stdout.strip()
    check(mds("run", code, "--describe").stdout == text, "a code opens at its playhead")


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


for story in [value for name, value in list(globals().items()) if name.startswith("story_")]:
    story()
finish("run_command")
