"""Behaviours for faults.FaultServer: good answers in every dress the servers in the field wear, and bad ones of each kind.

Each function returns a behaviour. `stream()` builds the events of an OpenAI chat or completions stream; the behaviours decide
how they travel.
"""

import json

DONE = b"data: [DONE]\n\n"
ERROR = {"message": "the engine is out of blocks", "type": "internal_error", "param": None, "code": 500}
BLANK = object()


def event(value):
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(delta, finish=None, usage=BLANK, is_chat=True):
    choice = {"index": 0, "finish_reason": finish}
    choice.update({"delta": delta} if is_chat else {"text": delta.get("content", "")})
    kind = "chat.completion.chunk" if is_chat else "text_completion"
    value = {"id": "c-1", "object": kind, "created": 1, "model": "fault-model", "choices": [choice]}
    if usage is not BLANK:
        value["usage"] = usage
    return event(value)


def usage_of(output, input_=7, reasoning=0):
    value = {"prompt_tokens": input_, "completion_tokens": output, "total_tokens": input_ + output}
    if reasoning:
        value["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return value


def stream(tokens=4, *, role=True, usage="final", tokens_per_event=1, reasoning=0, reasoning_field="reasoning_content",
           tool_calls=False, finish=True, done=True, is_chat=True):
    """The events of an answer. usage: final, every, zeros (on every chunk, then the truth), null (on every chunk, then the
    truth) or off. The first `reasoning` tokens are reasoning text."""
    each = {"every": usage_of, "zeros": lambda _: usage_of(0, 0), "null": lambda _: None}.get(usage, lambda _: BLANK)
    events = []
    if role and is_chat:
        events.append(chunk({"role": "assistant", "content": ""}, usage=each(0)))
    sent = 0
    while sent < tokens:
        count = min(tokens_per_event, tokens - sent)
        if sent < reasoning:
            delta = {reasoning_field: "hm " * count}
        elif tool_calls:
            delta = {"tool_calls": [{"index": 0, "function": {"arguments": "{" * count}}]}
        else:
            delta = {"content": "word " * count}
        sent += count
        events.append(chunk(delta, usage=each(sent), is_chat=is_chat))
    if finish:
        events.append(chunk({}, finish="tool_calls" if tool_calls else "length", usage=each(tokens), is_chat=is_chat))
    if usage != "off":
        events.append(event({"id": "c-1", "choices": [], "usage": usage_of(tokens, reasoning=reasoning)}))
    return events + ([DONE] if done else [])


# ---- good answers in many dresses ----------------------------------------------------------------


def chat(tokens=4, *, itl=0.0, ttft=0.0, headers=(), framing="chunked", write="event", lines="\n", comments=False, **shape):
    """A proper stream. write: event (one send each), whole (all in one), byte (one byte at a time); lines: the line end;
    ttft and itl: pauses before the first event after the role and between events."""

    def behaviour(answer):
        events = stream(tokens, **shape)
        if comments:
            events = [part for one in events for part in (b": keep-alive\n\n", one)]
        body = [one.replace(b"\n", lines.encode()) for one in events]
        length = sum(len(one) for one in body)
        answer.head(200, headers, framing, length)
        if write == "whole":
            answer.raw(b"".join(answer.framed(one) for one in body))
        elif write == "byte":
            for byte in b"".join(body):
                answer.part(bytes([byte]))
        else:
            send_events(answer, body, ttft, itl)
        answer.end()

    return behaviour


def send_events(answer, body, ttft, itl):
    for index, one in enumerate(body):
        if ttft and index == 1:
            answer.pause(ttft)
        elif itl and index > 1:
            answer.pause(itl)
        answer.part(one)


def whole(tokens=4, *, text="some words", is_chat=True):
    """An answer that is not streamed."""
    choice = {"index": 0, "finish_reason": "stop"}
    choice.update({"message": {"role": "assistant", "content": text}} if is_chat else {"text": text})
    return document(200, {"id": "c-1", "object": "chat.completion", "choices": [choice], "usage": usage_of(tokens)})


def gzip_header():
    """Claims to be compressed although nobody asked; the bytes are not text."""

    def behaviour(answer):
        answer.head(200, [("Content-Encoding", "gzip")])
        answer.part(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + bytes(range(128, 256)))
        answer.end()

    return behaviour


# ---- answers that are refusals -------------------------------------------------------------------


def document(status, body, headers=()):
    return lambda answer: answer.document(status, body, headers)


def refusal(status, text, headers=(), code=None):
    """An error in OpenAI's form."""
    return document(status, {"error": {"message": text, "type": "error", "param": None, "code": code or status}}, headers)


def redirect(target):
    return document(302, b"", [("Location", target)])


# ---- answers that break off ------------------------------------------------------------------------


def silence():
    """Reads the request and never says a word."""
    return lambda answer: answer.hold()


def hang_up(how="close"):
    """Reads the request and drops the connection: close (FIN) or reset (RST)."""
    return lambda answer: getattr(answer, how)()


def break_off(after=2, then="hold", tokens=8, framing="chunked"):
    """Headers and `after` events, then: hold (stall), close (FIN), reset (RST) or end (a clean end of the body)."""

    def behaviour(answer):
        events = stream(tokens)
        answer.head(200, (), framing, sum(len(one) for one in events))
        for one in events[:after]:
            answer.part(one)
        if then == "reset":
            answer.pause(0.05)  # let the client read what was sent: RST throws away what lies unread
        getattr(answer, then)()

    return behaviour


def inject(*parts, after=2, tokens=4, done=True):
    """`parts` (raw bytes) in the middle of a stream, after `after` events; then the rest of it."""

    def behaviour(answer):
        answer.head()
        events = stream(tokens, done=done)
        for one in [*events[:after], *parts, *events[after:]]:
            answer.part(one)
        answer.end()

    return behaviour


def raw_stream(*parts):
    """Exactly these parts as a stream, and a clean end."""

    def behaviour(answer):
        answer.head()
        for one in parts:
            answer.part(one)
        answer.end()

    return behaviour


def lying_length(difference, **shape):
    """Content-Length is wrong by `difference`: positive, and the body ends early; negative, and bytes are left over."""

    def behaviour(answer):
        body = b"".join(stream(4, **shape))
        answer.head(200, (), "length", len(body) + difference)
        answer.raw(body)
        answer.close()

    return behaviour


def raw_bytes(data):
    """Not HTTP at all, or barely."""

    def behaviour(answer):
        answer.raw(data)
        answer.close()

    return behaviour


def huge_event(size):
    """One event of `size` bytes of text."""
    return inject(chunk({"content": "x" * size}))


def by_turn(*behaviours):
    """The first for the server's first POST, and so on; the last for all that follow."""
    calls = iter(range(1 << 62))

    def behaviour(answer):
        behaviours[min(next(calls), len(behaviours) - 1)](answer)

    return behaviour
