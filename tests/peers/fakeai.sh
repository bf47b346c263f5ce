#!/usr/bin/env bash
# weir run against FakeAI, a server that nobody here wrote. TTFT 100 ms without variance, ITL 10 ms.
#   fakeai.sh [further options of weir run]
source "$(dirname "$0")/lib.sh"
venv fakeai fakeai pillow # it imports Pillow without saying so
export FAKEAI_GENERATION__TTFT_MS=100 FAKEAI_GENERATION__TTFT_VARIANCE_PERCENT=0
export FAKEAI_GENERATION__ITL_MS=10 FAKEAI_GENERATION__ITL_VARIANCE_PERCENT=0
cd "$scratch"
serve "$scratch/fakeai.log" "$venv/bin/fakeai" server --host 127.0.0.1 --port 9001
await http://127.0.0.1:9001/health "$scratch/fakeai.log"
"$weir" run --url fakeai=http://127.0.0.1:9001 --concurrency 1,2,4,8,16,32 --duration 8s --warmup-duration 1s --osl 40 \
    --name fakeai --out "$scratch/run" "$@"
