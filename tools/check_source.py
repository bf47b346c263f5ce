#!/usr/bin/env python3
"""Checks what a compiler does not: banned functions, sizes, guards, blanks, leftovers.

    tools/check_source.py [ROOT]     the tree (default: this repository); exit code 1 when something is wrong
    tools/check_source.py --self-test   plants violations in a temporary tree and expects each to be found
"""
import os
import pathlib
import re
import sys
import tempfile

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 140  # of headers; .clang-format keeps .c files to 100
CODE = (".c", ".h")
TEXT = (".c", ".h", ".def", ".py", ".sh", ".cmake", ".txt", ".md", ".yaml", ".yml", "")
TABLES = (".def", ".md", ".txt")  # one row a line: no limit to columns
FOLDERS = ("src", "include", "tests", "bench", "tools", "cmake", "configs", ".ci")
SKIPPED = ("golden", "corpus", "__pycache__")  # folders; those whose name begins with a dot or "build" too

# Function: (why, where it may stand: prefixes of paths; empty: nowhere, where it is looked for)
EVERYWHERE = ("src/", "include/", "tests/", "bench/")
PRODUCT = ("src/", "include/")
BANNED = {
    **{name: ("has no bound; use weir_buf or snprintf", (), EVERYWHERE) for name in
       ("strcpy", "strcat", "stpcpy", "sprintf", "vsprintf", "gets", "alloca")},
    **{name: ("cannot tell 0 from nonsense; use weir_parse_*", (), EVERYWHERE) for name in
       ("atoi", "atol", "atoll", "atof")},
    **{name: ("keeps hidden state; use weir_slice_next_part, weir_rng or the _r form", (), EVERYWHERE) for name in
       ("strtok", "rand", "srand", "random", "drand48", "localtime", "gmtime", "ctime", "asctime")},
    **{name: ("runs a shell", (), PRODUCT) for name in ("system", "popen")},
    **{name: ("wait for an event instead", (), PRODUCT) for name in ("sleep", "usleep", "nanosleep", "uv_sleep")},
    **{name: ("use base/clock.h: one clock", ("src/base/clock.c", "src/sim/openai.c"), PRODUCT) for name in
       ("gettimeofday", "time", "clock")},  # the simulator stamps its answers as OpenAI does: Unix seconds
    **{name: ("use base/mem.h, which says what happens when memory is out", ("src/base/mem.c",), PRODUCT) for name in
       ("malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup", "asprintf", "vasprintf")},
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_noise(text):
    """The text with comments and literals blanked, line breaks kept."""
    return NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def check_calls(name, bare):
    for match in CALL.finditer(bare):
        why, homes, scope = BANNED[match.group(1)]
        if name.startswith(scope) and name not in homes:
            yield bare.count("\n", 0, match.start(1)) + 1, f"{match.group(1)}() {why}"


def check_functions(bare):
    """Functions open and close in the first column: .clang-format sees to that."""
    begin = None
    for number, line in enumerate(bare.split("\n"), 1):
        if line.rstrip() == "{":
            begin = number
        elif line.startswith("}") and begin is not None:
            length = number - begin + 1
            if length > FUNCTION_LINES_MAX:
                yield begin, f"function body of {length} lines; {FUNCTION_LINES_MAX} are the limit"
            begin = None


def guard_of(name):
    """include/weir/plan/plan.h -> WEIR_PLAN_PLAN_H; src/wire/openai.h -> WEIR_WIRE_OPENAI_H"""
    parts = pathlib.PurePosixPath(name).with_suffix("").parts
    parts = parts[2:] if parts[0] == "include" else parts[1:] if parts[0] == "src" else parts
    if parts[-1].startswith(parts[-2] + "_"):  # config/config_internal.h: WEIR_CONFIG_INTERNAL_H
        parts = parts[:-2] + parts[-1:]
    return "WEIR_" + "_".join(parts).upper().replace("-", "_") + "_H"


def check_header(name, text):
    guard = guard_of(name)
    if f"#ifndef {guard}\n#define {guard}\n" not in text or not text.rstrip().endswith("#endif"):
        yield 1, f"include guard must be {guard}, with #endif as the last line"
    if not text.startswith("/**" if name.startswith("include/") else ("/**", "//")):
        yield 1, "a header begins with /** name.h: what it is */"


def check_code(name, text):
    bare = without_noise(text)
    yield from check_calls(name, bare)
    yield from check_functions(bare)
    if name.endswith(".h"):
        yield from check_header(name, text)
    elif not text.startswith("//"):
        yield 1, "a .c file begins with a // comment that says its purpose"


def check_lines(name, suffix, text):
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES_MAX and suffix not in TABLES:
        yield len(lines) - 1, f"{len(lines) - 1} lines; {FILE_LINES_MAX} are the limit"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "tab"
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if len(line) > LINE_COLUMNS_MAX and suffix in CODE and "clang-format off" not in text:
            yield number, f"{len(line)} columns; {LINE_COLUMNS_MAX} are the limit"
        if LEFTOVER.search(line) and not name.endswith("check_source.py"):
            yield number, "leftover: " + LEFTOVER.search(line).group()
    if text and not text.endswith("\n"):
        yield len(lines), "no line break at the end of the file"


def check_file(root, name):
    data = (root / name).read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{name}:1: is not UTF-8"]
    suffix = pathlib.PurePosixPath(name).suffix
    problems = list(check_lines(name, suffix, text))
    if suffix in CODE:
        problems += check_code(name, text)
    return [f"{name}:{line}: {problem}" for line, problem in sorted(problems)]


def files_of(root):
    for folder in FOLDERS:
        for here, folders, names in os.walk(root / folder):
            folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith((".", "build")))
            for name in sorted(names):
                file = pathlib.Path(here) / name
                if file.suffix in TEXT:
                    yield file.relative_to(root).as_posix()


def check_tree(root):
    names = list(files_of(root))
    return len(names), [problem for name in names for problem in check_file(root, name)]


HEAD = "// a file\n"
PLANTED = [
    ("src/plan/a.c", HEAD + "void f(char *a)\n{\n    strcpy(a, a);\n}\n", "strcpy()"),
    ("src/plan/b.c", HEAD + "void f(void)\n{\n    free (0);\n}\n", "free()"),
    ("src/plan/c.c", HEAD + "int f(void)\n{\n" + "    g();\n" * 69 + "}\n", "function body of 71 lines"),
    ("src/plan/d.c", HEAD + "int a;\n" * 600, "601 lines"),
    ("src/plan/e.c", HEAD + "int\ta;\n", "tab"),
    ("src/plan/f.c", HEAD + "int a; \n", "blanks"),
    ("src/plan/g.c", HEAD + "// TODO: more\n", "TODO"),
    ("src/plan/h.c", "int a;\n", "begins with a // comment"),
    ("src/plan/i.c", HEAD + "int a;", "no line break"),
    ("src/plan/j.c", HEAD + "int a" + " " * 140 + ";\n", "columns"),
    ("include/weir/plan/k.h", "/** k.h: x */\n#ifndef K_H\n#define K_H\n#endif\n", "WEIR_PLAN_K_H"),
    ("tests/plan/test_l.c", HEAD + "int a = atoi(s);\n", "atoi()"),
    ("src/engine/m.c", HEAD + "void f(void)\n{\n    usleep(1);\n}\n", "usleep()"),
    ("tools/n", "#!/bin/bash\nif true; then\n\techo\nfi\n", "tab"),
]
ALLOWED = [
    ("src/base/mem.c", HEAD + "void f(void)\n{\n    free(0);\n}\n"),
    ("src/plan/ok.c", HEAD + "/* strcpy(a) */ const char *a = \"malloc(1)\"; // free(x)\nint b = row->free(a) + weir_free(c);\n"),
    ("src/plan/full.c", HEAD + "int f(void)\n{\n" + "    g();\n" * 68 + "}\n"),
    ("include/weir/plan/ok.h", "/** ok.h: x */\n#ifndef WEIR_PLAN_OK_H\n#define WEIR_PLAN_OK_H\n#endif\n"),
    ("tests/plan/test_ok.c", HEAD + "char path[] = \"weir-XXXXXX\";\nvoid f(void)\n{\n    free(0);\n}\n"),
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in [(p[0], p[1]) for p in PLANTED] + ALLOWED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found = check_tree(root)[1]
    missed = [p for p in PLANTED if not any(f.startswith(p[0] + ":") and p[2] in f for f in found)]
    extra = [f for f in found if any(f.startswith(name + ":") for name, _ in ALLOWED)]
    for name, _, what in missed:
        print(f"self-test: {name}: '{what}' was not found")
    for problem in extra:
        print(f"self-test: {problem} was reported but is allowed")
    print(f"{len(PLANTED) - len(missed)} of {len(PLANTED)} planted violations found, {len(extra)} false ones")
    return 1 if missed or extra else 0


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
    print(f"source: {count} files, {len(wrong)} wrong")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
