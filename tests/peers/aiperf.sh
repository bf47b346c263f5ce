#!/usr/bin/env bash
# One workload against `weir sim`, measured by AIPerf; its claim stands beside the simulator's own record.
#   aiperf.sh [streams [requests]]
source "$(dirname "$0")/lib.sh"
streams=${1:-1000} requests=${2:-$((streams * 5))}
venv aiperf aiperf
"$venv/bin/python" "$here/make_tiny_tokenizer.py" "$scratch/tokenizer" 2>/dev/null # so that it fetches none
sim --ttft 50ms --itl 10ms --output-tokens 100
"$venv/bin/aiperf" profile --model sim-model --url "http://127.0.0.1:$port" --endpoint-type chat --streaming --isl 128 --osl 100 \
    --concurrency "$streams" --request-count "$requests" --use-server-token-count --tokenizer "$scratch/tokenizer" --ui none \
    --artifact-dir "$scratch/aiperf" >"$scratch/aiperf.log" 2>&1 || { tail -n 40 "$scratch/aiperf.log" >&2; exit 1; }
stop_sim
python3 "$here/compare.py" "aiperf" "$scratch/aiperf/profile_export_aiperf.json" "$truth"
