#!/usr/bin/env bash
# One workload against `weir sim`, measured by an asyncio client; its claim stands beside the simulator's own record.
#   aiohttp.sh [streams [requests]]
source "$(dirname "$0")/lib.sh"
streams=${1:-1000} requests=${2:-$((streams * 5))}
venv aiohttp aiohttp
sim --ttft 50ms --itl 10ms --output-tokens 100
"$venv/bin/python" "$here/peer_aiohttp.py" "http://127.0.0.1:$port" "$streams" "$requests" >"$scratch/claim.json"
stop_sim
python3 "$here/compare.py" "aiohttp" "$scratch/claim.json" "$truth"
