#!/usr/bin/env bash
# The same workload as aiohttp.sh and aiperf.sh, measured by weir.
#   weir.sh [streams [requests]]
source "$(dirname "$0")/lib.sh"
streams=${1:-1000} requests=${2:-$((streams * 5))}
sim --ttft 50ms --itl 10ms --output-tokens 100
"$weir" run --url "http://127.0.0.1:$port" --osl 100 --concurrency "$streams" --request-count "$requests" --quiet --allow-invalid \
    --out "$scratch/run"
stop_sim
python3 "$here/compare.py" "weir" "$scratch/run/summary.json" "$truth"
