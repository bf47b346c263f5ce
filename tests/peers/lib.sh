# Shared by the scripts here: virtual environments, servers that are waited for and stopped by their process id.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
weir=${WEIR_BIN:-$here/../../build/weir}
scratch=$(mktemp -d)
servers=()

clean_up() {
    for pid in "${servers[@]}"; do
        kill -INT "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap clean_up EXIT

# venv NAME PACKAGE...: sets $venv; installs once
venv() {
    venv=$here/.venv/$1
    shift
    if [ ! -e "$venv/.complete" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q "$@"
        touch "$venv/.complete"
    fi
}

# serve LOG COMMAND...: start a server in the background
serve() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    servers+=($!)
}

# await URL LOG: until the server answers
await() {
    for _ in $(seq 300); do
        if curl -sf -o /dev/null --max-time 2 "$1"; then
            return
        fi
        if ! kill -0 "${servers[-1]}" 2>/dev/null; then
            break
        fi
        sleep 0.2
    done
    echo "no answer from $1:" >&2
    tail -n 20 "$2" >&2
    exit 1
}

# sim OPTION...: start the simulator on a free port; sets $port and $truth
sim() {
    truth=$scratch/truth.jsonl
    serve "$scratch/sim.log" "$weir" sim --port 0 --truth "$truth" "$@"
    for _ in $(seq 100); do
        port=$(sed -nE 's/.*127\.0\.0\.1:([0-9]+).*/\1/p' "$scratch/sim.log" | head -n 1)
        if [ -n "$port" ]; then
            return
        fi
        sleep 0.1
    done
    echo "the simulator did not start:" >&2
    cat "$scratch/sim.log" >&2
    exit 1
}

# stop_sim: ends it, so that its truth is complete
stop_sim() {
    kill -INT "${servers[-1]}"
    wait "${servers[-1]}" || true
    unset 'servers[-1]'
}
