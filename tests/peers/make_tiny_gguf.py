"""Write a tiny language model of random weights as a GGUF file: a real engine needs a model, and its words do not matter here.

    python make_tiny_gguf.py tiny.gguf        (needs the packages gguf and numpy)

A llama of 2 blocks and 64 dimensions with a byte tokenizer: some 300 tokens, 200 KB, thousands of tokens a second on one core.
"""

import sys

import gguf
import numpy

DIMENSIONS, BLOCKS, HEADS, FEED_FORWARD, CONTEXT = 64, 2, 4, 128, 8192
WORDS = [" the", " a", " of", " and", " river", " water", " stone", " flows", " over", " low", " dam", " gate", ".", ","]


def tokenizer(writer):
    """Sentencepiece's layout: three control tokens, all bytes, some words so that answers read like something."""
    words = [word.replace(" ", "\u2581") for word in WORDS]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + words
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * len(words)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token.encode() for token in tokens])
    writer.add_token_scores([0.0] * 259 + [-float(rank) for rank in range(len(words))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:")
    return len(tokens)


def tensors(writer, vocabulary):
    random = numpy.random.default_rng(1)

    def matrix(name, rows, columns):
        writer.add_tensor(name, (random.standard_normal((rows, columns)) * 0.2).astype(numpy.float32))

    def ones(name):
        writer.add_tensor(name, numpy.ones(DIMENSIONS, dtype=numpy.float32))

    matrix("token_embd.weight", vocabulary, DIMENSIONS)
    matrix("output.weight", vocabulary, DIMENSIONS)
    ones("output_norm.weight")
    for block in range(BLOCKS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"blk.{block}.{name}.weight", DIMENSIONS, DIMENSIONS)
        matrix(f"blk.{block}.ffn_gate.weight", FEED_FORWARD, DIMENSIONS)
        matrix(f"blk.{block}.ffn_up.weight", FEED_FORWARD, DIMENSIONS)
        matrix(f"blk.{block}.ffn_down.weight", DIMENSIONS, FEED_FORWARD)
        ones(f"blk.{block}.attn_norm.weight")
        ones(f"blk.{block}.ffn_norm.weight")


def main(path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(DIMENSIONS)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(DIMENSIONS // HEADS)
    vocabulary = tokenizer(writer)
    writer.add_vocab_size(vocabulary)
    tensors(writer, vocabulary)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
