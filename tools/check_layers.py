#!/usr/bin/env python3
"""Checks who includes whom: layers see only what src/README.md lets them, and libraries have homes.

    tools/check_layers.py [ROOT]     the tree (default: this repository); exit code 1 when something is wrong
    tools/check_layers.py --self-test   plants violations in a temporary tree and expects each to be found
"""
import fnmatch
import pathlib
import re
import sys
import tempfile

LAYERS = {
    "base": set(),
    "config": {"base"},
    "stat": {"base"},
    "wire": {"base"},
    "plan": {"base", "config", "wire"},
    "engine": {"base", "config", "stat", "wire", "plan"},
    "result": {"base", "config", "stat"},
    "sim": {"base", "config", "wire"},
    "cli": {"base", "config", "stat", "wire", "plan", "engine", "result", "sim"},
}

# Library header: where it may stand. Patterns of paths below the root.
HOMES = {
    "uv.h": ["*/engine/*", "*/sim/*"],
    "curl/*": ["*/engine/bridge*", "*/engine/transport*"],
    "yaml.h": ["src/config/config_yaml.c"],
    "jansson.h": ["src/config/*", "src/plan/*", "src/engine/*", "*/result/*", "src/sim/*", "src/cli/*"],
    "llhttp.h": ["*/sim/*", "*/engine/plain*"],
    "zlib.h": ["src/stat/*", "src/result/gzip.c", "src/result/rundata_lines.c"],
    "cmocka.h": [],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """Layer of src/<layer>/… or include/weir/<layer>/…; None for a file that belongs to none."""
    parts = path.parts
    if parts[0] == "src" and len(parts) == 3:
        return parts[1]
    if parts[:2] == ("include", "weir") and len(parts) == 4:
        return parts[2]
    return None


def check_own(path, layer, name):
    """An include of weir's own."""
    if not name.startswith("weir/"):
        return None if "/" not in name else f'"{name}" must be written as "weir/<layer>/<module>.h" or stand in the same folder'
    seen = name.split("/")[1]
    if seen not in LAYERS:
        return f'"{name}" is of no known layer'
    if seen != layer and seen not in LAYERS[layer]:
        allowed = ", ".join(sorted(LAYERS[layer])) or "nothing"
        return f'{layer} must not see {seen} ("{name}"); it may see {allowed}'
    return None


def check_library(path, name):
    for header, homes in HOMES.items():
        if fnmatch.fnmatch(name, header):
            if not any(fnmatch.fnmatch(str(path), home) for home in homes):
                return f"<{name}> may only stand in {', '.join(homes) or 'tests'}"
    if name.startswith("weir/"):
        return f'<{name}> is weir\'s own: write it in quotes'
    return None


def check_file(root, path):
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    layer = layer_of(path)
    if layer not in LAYERS:
        return [f"{path}:1: is in no known layer ({', '.join(LAYERS)})"]
    wrong = []
    for match in INCLUDE.finditer(text):
        kind, name = match.groups()
        problem = check_own(path, layer, name) if kind == '"' else check_library(path, name)
        if problem is not None:
            line = text.count("\n", 0, match.start(2)) + 1
            wrong.append(f"{path}:{line}: {problem}")
    return wrong


def check_tree(root):
    files = sorted(
        file.relative_to(root)
        for folder in ("src", "include")
        for pattern in ("*.c", "*.h", "*.def")
        for file in (root / folder).rglob(pattern)
    )
    return len(files), [problem for file in files for problem in check_file(root, file)]


PLANTED = [
    ("src/base/a.c", '#include "weir/config/config.h"', "base must not see config"),
    ("include/weir/stat/a.h", '#include "weir/plan/plan.h"', "stat must not see plan"),
    ("src/result/a.c", '#include "weir/engine/run.h"', "result must not see engine"),
    ("src/sim/a.c", '  #  include "weir/plan/plan.h"', "sim must not see plan"),
    ("src/plan/a.c", "#include <uv.h>", "<uv.h> may only"),
    ("src/engine/worker.c", "#include <curl/curl.h>", "<curl/curl.h> may only"),
    ("include/weir/engine/run.h", "#include <curl/multi.h>", "<curl/multi.h> may only"),
    ("src/config/config.c", "#include <yaml.h>", "<yaml.h> may only"),
    ("src/wire/a.c", "#include <jansson.h>", "<jansson.h> may only"),
    ("src/stat/a.c", "#include <jansson.h>", "<jansson.h> may only"),
    ("src/cli/a.c", '#include "../plan/x.h"', "must be written as"),
    ("src/cli/b.c", "#include <weir/plan/plan.h>", "in quotes"),
    ("src/cli/c.c", '#include "weir/telemetry/x.h"', "no known layer"),
    ("src/telemetry/a.c", "#include <stdio.h>", "in no known layer"),
]

ALLOWED = [
    ("src/plan/ok.c", '#include "weir/plan/plan.h"\n#include "weir/wire/dialect.h"\n#include <jansson.h>\n'),
    ("src/engine/bridge.c", "#include <curl/curl.h>\n#include <uv.h>\n"),
    ("src/config/config_yaml.c", "#include <yaml.h>\n"),
    ("src/wire/ok.c", '// #include "weir/plan/plan.h" is only talked about\n#include "openai.h"\n'),
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text, _ in PLANTED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("// first line\n" + text + "\n")
        for name, text in ALLOWED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found = check_tree(root)[1]
    missed = [p for p in PLANTED if not any(f.startswith(p[0] + ":") and p[2] in f for f in found)]
    extra = [f for f in found if any(f.startswith(name + ":") for name, _ in ALLOWED)]
    for name, text, _ in missed:
        print(f"self-test: {name}: {text} was not found")
    for problem in extra:
        print(f"self-test: {problem} was reported but is allowed")
    print(f"{len(PLANTED) - len(missed)} of {len(PLANTED)} planted violations found, {len(extra)} false ones")
    return 1 if missed or extra or len(found) != len(PLANTED) else 0


def main(args):
    if args == ["--self-test"]:
        return self_test()
    if len(args) > 1 or any(arg.startswith("-") for arg in args):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = pathlib.Path(args[0] if args else pathlib.Path(__file__).resolve().parent.parent)
    count, wrong = check_tree(root)
    for problem in wrong:
        print(problem)
    print(f"layers: {count} files, {len(wrong)} wrong")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
