// Synthetic prompts: words, their number and the words that make a prompt unique. See prompt.h, and
// plan.h for the nonce.
#include "weir/plan/prompt.h"

#include <math.h>

#include "weir/base/attr.h"
#include "weir/base/rng.h"
#include "weir/plan/plan.h"

// Short, frequent, and no two that run together into another word: a tokenizer keeps each apart.
// clang-format off
static const char *const words[] = {
    "the",    "of",     "and",    "to",      "in",     "is",     "you",    "that",   "it",     "he",
    "was",    "for",    "on",     "are",     "as",     "with",   "his",    "they",   "at",     "be",
    "this",   "have",   "from",   "or",      "one",    "had",    "by",     "but",    "not",    "what",
    "all",    "were",   "we",     "when",    "your",   "can",    "said",   "there",  "use",    "an",
    "each",   "which",  "she",    "do",      "how",    "their",  "if",     "will",   "up",     "other",
    "about",  "out",    "many",   "then",    "them",   "these",  "so",     "some",   "her",    "would",
    "make",   "like",   "him",    "into",    "time",   "has",    "look",   "two",    "more",   "write",
    "go",     "see",    "number", "no",      "way",    "could",  "people", "my",     "than",   "first",
    "water",  "been",   "call",   "who",     "oil",    "its",    "now",    "find",   "long",   "down",
    "day",    "did",    "get",    "come",    "made",   "may",    "part",   "over",   "new",    "sound",
    "take",   "only",   "little", "work",    "know",   "place",  "year",   "live",   "me",     "back",
    "give",   "most",   "very",   "after",   "thing",  "our",    "just",   "name",   "good",   "man",
    "think",  "say",    "great",  "where",   "help",   "through", "much",  "before", "line",   "right",
    "too",    "mean",   "old",    "any",     "same",   "tell",   "boy",    "follow", "came",   "want",
    "show",   "also",   "around", "form",    "three",  "small",  "set",    "put",    "end",    "does",
    "another", "well",  "large",  "must",    "big",    "even",   "such",   "because", "turn",  "here",
    "why",    "ask",    "went",   "men",     "read",   "need",   "land",   "home",   "us",     "move",
    "try",    "kind",   "hand",   "picture", "again",  "change", "off",    "play",   "air",    "away",
    "animal", "house",  "point",  "page",    "letter", "mother", "answer", "found",  "study",  "still",
    "learn",  "should", "world",  "high",    "every",  "near",   "add",    "food",   "between", "own",
    "below",  "country", "plant", "last",    "school", "father", "keep",   "tree",   "never",  "start",
    "city",   "earth",  "eye",    "light",   "thought", "head",  "under",  "story",  "saw",    "left",
    "few",    "while",  "along",  "might",   "close",  "next",   "hard",   "open",   "example", "begin",
    "life",   "always", "those",  "both",    "paper",  "together", "got",  "group",  "often",  "run",
    "important", "until", "children", "side", "feet",  "car",    "mile",   "night",  "walk",   "white",
    "sea",    "began",  "grow",   "took",    "river",  "four",
};
// clang-format on

/** Words drawn and appended at once. */
enum { PIECE_BYTES = 1024, WORD_BYTES_MAX = 16, NONCE_WORDS = 3 };

/** 2^30 nonces: ten bits a word. */
#define NONCE_MASK 0x3fffffffU

/** Four letters for ten bits: two syllables of five bits each. */
static void write_syllables(uint32_t bits, char *out)
{
    static const char consonants[] = "bdklmnrt";
    static const char vowels[] = "aeio";
    for (unsigned i = 0; i < 2; i++) {
        uint32_t five = bits >> (5U * (1U - i));
        out[2 * i] = consonants[five >> 2U & 7U];
        out[2 * i + 1] = vowels[five & 3U];
    }
    out[4] = ' ';
}

void weir_plan_nonce(uint64_t seed, uint32_t level, uint64_t id, char out[WEIR_NONCE_BYTES])
{
    // Levels start at multiples of the golden section of the circle of 2^30, which keeps any number
    // of them as far apart as it can be done; an odd factor then spreads neighbours over the first
    // word. Both steps are one-to-one.
    struct weir_rng rng = weir_rng_split(seed, "nonce", 0);
    uint64_t at = id + (uint64_t)level * 0x278dde6eU + weir_rng_u32(&rng);
    uint32_t mixed = (uint32_t)(at * 0x2545f491U) & NONCE_MASK;
    for (unsigned i = 0; i < NONCE_WORDS; i++) {
        write_syllables(mixed >> (10U * (2U - i)), out + (size_t)5 * i);
    }
}

uint32_t weir_length_draw(uint64_t seed, const char *label, uint64_t index, double mean,
                          double stddev, uint32_t least)
{
    double length = mean;
    if (stddev > 0) {
        struct weir_rng rng = weir_rng_split(seed, label, index);
        length = round(mean + stddev * weir_rng_normal(&rng));
    }
    if (length <= (double)least) {
        return least;
    }
    return length < (double)WEIR_LENGTH_MAX ? (uint32_t)length : (uint32_t)WEIR_LENGTH_MAX;
}

bool weir_prompt_write(uint64_t seed, uint64_t index, uint32_t count, bool is_unique,
                       struct weir_buf *out)
{
    char piece[PIECE_BYTES];
    size_t len = 0;
    uint32_t first = 0; // word that has no blank of its own before it
    if (is_unique) {
        weir_plan_nonce(seed, 0, index, piece);
        len = WEIR_NONCE_BYTES;
        first = NONCE_WORDS;
    }
    struct weir_rng rng = weir_rng_split(seed, "prompt", index);
    for (uint32_t i = first; i < count; i++) {
        if (len + WORD_BYTES_MAX > sizeof(piece)) {
            if (!weir_buf_add(out, piece, len)) {
                return false;
            }
            len = 0;
        }
        if (i > first) {
            piece[len++] = ' ';
        }
        const char *word = words[weir_rng_below(&rng, WEIR_COUNT_OF(words))];
        while (*word != '\0') {
            piece[len++] = *word++;
        }
    }
    return weir_buf_add(out, piece, len);
}
