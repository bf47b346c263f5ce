#!/usr/bin/env bash
# weir run against a real engine: llama-cpp-python over a tiny model of random weights. It answers one request at a time, so that
# TTFT grows with concurrency and throughput does not: the picture of a server without batching.
#   llamacpp.sh [further options of weir run]
source "$(dirname "$0")/lib.sh"
venv llamacpp 'llama-cpp-python[server]' gguf numpy # compiles llama.cpp: some ten minutes
"$venv/bin/python" "$here/make_tiny_gguf.py" "$scratch/tiny.gguf"
serve "$scratch/llama.log" "$venv/bin/python" -m llama_cpp.server --host 127.0.0.1 --port 9002 --n_threads 1 --n_ctx 4096 \
    --interrupt_requests false --model_alias tiny --model "$scratch/tiny.gguf"
await http://127.0.0.1:9002/v1/models "$scratch/llama.log"
"$weir" run --url llamacpp=http://127.0.0.1:9002 --concurrency 1,2,4,8 --duration 5s --warmup-duration 500ms --isl 32 --osl 32 \
    --name llamacpp --out "$scratch/run" "$@"
