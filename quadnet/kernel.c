/* The compiled twin of the training loop: the operations of arithmetic.py, network.py and optimizers.py in the same order,
   hence the same bits. Compile with -ffp-contract=off: a fused multiply-add rounds once where two operations round twice.

   Samples are worked in blocks of 64, which the caller has laid out as `total` folds them: lane i of row v of block b is
   sample v·N/8 + 8b + i, for N padded samples. Every array of 64 numbers below holds 8 rows of 8 lanes of one unit.

   On x86 GCC reads the middle of this file three times, with vectors of 64, 32 and 16 bytes for three instruction sets,
   and the widest that the processor has is taken. The tests define ONE_INSTRUCTION_SET to have the compiler's alone. */

#if !defined(BYTES)

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "intermediate results must be float64"
#endif

#define LANES 8
#define BLOCK 64

#if defined(_MSC_VER)
#define EXPORT __declspec(dllexport)
#define restrict __restrict
#pragma fp_contract(off)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

static const double BITS_PER_NAT = 1.4426950408889634, NATS_PER_BIT = 0.6931471805599453;
static const double LN2_HIGH = 0.693147180559663, LN2_LOW = 2.8235290563031577e-13;

typedef struct {
    int64_t layers;          /* weight matrices */
    const int64_t *widths;   /* units of every layer, layers + 1 numbers */
    int64_t samples;         /* without padding */
    int64_t blocks;
    const double *points;    /* (blocks, inputs, BLOCK) */
    const double *one_hot;   /* (blocks, outputs, BLOCK) */
    double reach;            /* no logit is larger than this times the largest parameter, both in bits */
} Task;

/* Room for one pass, cut out of the caller's workspace. */
typedef struct {
    double *activations; /* (units of all layers, BLOCK) */
    double *logits;      /* (outputs, BLOCK), in bits */
    double *terms;       /* (BLOCK): of the cross-entropy */
    double *nearest;     /* (BLOCK): its factors */
    double *delta[2];    /* (units of the widest layer, BLOCK) */
    double *lanes;       /* (parameters, LANES): the sums of the gradient on their way */
    double *factors;     /* (blocks, LANES): the nearest ones, folded */
    double *bits;        /* (parameters): the weights and biases in bits */
} Room;

/* The last three foldings of arithmetic.total. */
INLINE double across(const double *lanes)
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* Sets the padding in the first rows to the given value: the last samples, so that a full row has none before it. */
INLINE void clear(const Task *task, int64_t block, int first, double *restrict rows, int64_t units, double value)
{
    for (int64_t v = first - 1; v >= 0; v--) {
        const int64_t real = task->samples - (v * task->blocks + block) * LANES;
        if (real >= LANES) break;
        for (int64_t u = 0; u < units; u++)
            for (int64_t i = real > 0 ? real : 0; i < LANES; i++) rows[u * BLOCK + v * LANES + i] = value;
    }
}

/* The pack that starts at a number of an array. */
#define AT(number) (*(Anywhere *)&(number))
#if defined(__GNUC__)
#define BITS_OF(x) ((PackBits)(x))
#define NUMBER_OF(bits) ((Pack)(bits))
/* Hides that a pointer is still the same: numbers used again would be copied to the stack instead of loaded again. */
#define ANEW(pointer) __asm__("" : "+r"(pointer))
#define WHERE(mask, yes, no) NUMBER_OF((BITS_OF(mask) & BITS_OF(yes)) | (~BITS_OF(mask) & BITS_OF(no)))
#else
#define BITS_OF(x) bits_of(x)
#define NUMBER_OF(bits) number_of(bits)
#define WHERE(condition, yes, no) ((condition) ? (yes) : (no))
#define ANEW(pointer) ((void)0)
INLINE uint64_t bits_of(double x) { uint64_t bits; memcpy(&bits, &x, 8); return bits; }
INLINE double number_of(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
#endif
enum { SIDE = 8 }; /* packs worked together */
/* Has three packs in registers, instead of loaded again at every use. */
#if defined(__GNUC__) && defined(__x86_64__)
#define LOADED(a, b, c) __asm__("" : "+v"(a), "+v"(b), "+v"(c))
#else
#define LOADED(a, b, c) ((void)0)
#endif
#define PACK ((int)(BYTES / sizeof(double)))
/* For the first `packs` of them. */
#define SIDE_BY_SIDE(statement) do { for (int g = 0; g < packs; g++) { statement; } } while (0)

/* The names of what is compiled anew for every width. */
#define JOINED(name, bytes) name##bytes
#define NAMED(name, bytes) JOINED(name, bytes)
#define Pack NAMED(Pack, BYTES)
#define PackBits NAMED(PackBits, BYTES)
#define Anywhere NAMED(Anywhere, BYTES)
#define sigmoids NAMED(sigmoids, BYTES)
#define logarithms NAMED(logarithms, BYTES)
#define larger NAMED(larger, BYTES)
#define layer_forward NAMED(layer_forward, BYTES)
#define block_loss NAMED(block_loss, BYTES)
#define layer_gradient NAMED(layer_gradient, BYTES)
#define layer_backward NAMED(layer_backward, BYTES)
#define block_pass NAMED(block_pass, BYTES)
#define pass_with NAMED(pass_with, BYTES)
#define pass NAMED(pass, BYTES)

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(ONE_INSTRUCTION_SET)
#pragma GCC push_options
#pragma GCC target("avx512f")
#define BYTES 64
#include "kernel.c"
#undef BYTES
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2")
#define BYTES 32
#include "kernel.c"
#undef BYTES
#pragma GCC pop_options
#define BYTES 16
#include "kernel.c"
#define PASS (__builtin_cpu_supports("avx512f") ? pass64 : __builtin_cpu_supports("avx2") ? pass32 : pass16)
#else
#if !defined(__GNUC__)
#define BYTES 8
#elif defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#include "kernel.c"
#define PASS pass
#endif

enum { GRADIENT_DESCENT, HEAVY_BALL, NESTEROV, AVERAGING };

static int64_t parameters_of(int64_t layers, const int64_t *widths, int64_t *units, int64_t *widest)
{
    int64_t parameters = 0;
    *units = *widest = widths[0];
    for (int64_t l = 0; l < layers; l++) {
        parameters += (widths[l] + 1) * widths[l + 1];
        *units += widths[l + 1];
        if (widths[l + 1] > *widest) *widest = widths[l + 1];
    }
    return parameters;
}

/* How many numbers the workspace of `quadnet_train` must hold. */
EXPORT int64_t quadnet_room(int64_t layers, const int64_t *widths, int64_t blocks)
{
    int64_t units, widest, parameters = parameters_of(layers, widths, &units, &widest);
    return (units + widths[layers] + 2 + 2 * widest) * BLOCK + parameters * (LANES + 3) + (blocks + 1) * LANES;
}

/* Trains for the epochs first … last − 1 and returns how many were begun: less than asked for when a loss was not finite.
   `kept` has a row for the parameters after 0, every, 2·every, … updates. */
EXPORT int64_t quadnet_train(int64_t layers, const int64_t *widths, int64_t samples, int64_t blocks, const double *points,
                             const double *one_hot, int64_t optimizer, double rate, double momentum, int64_t first,
                             int64_t last, int64_t every, double *theta, double *velocity, double *loss, double *kept,
                             double *workspace)
{
    int64_t units, widest;
    const int64_t parameters = parameters_of(layers, widths, &units, &widest);
    double reach = 1.0; /* the largest input or activation; points that are not numbers show in the logits all the same */
    for (int64_t i = 0; i < blocks * widths[0] * BLOCK; i++) reach = fabs(points[i]) > reach ? fabs(points[i]) : reach;
    const Task task = {layers, widths, samples, blocks, points, one_hot, reach * (double)(widest + 1)};
    Room room;
    room.activations = (double *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63);
    room.logits = room.activations + units * BLOCK;
    room.terms = room.logits + widths[layers] * BLOCK;
    room.nearest = room.terms + BLOCK;
    room.delta[0] = room.nearest + BLOCK;
    room.delta[1] = room.delta[0] + widest * BLOCK;
    room.lanes = room.delta[1] + widest * BLOCK;
    room.factors = room.lanes + parameters * LANES;
    room.bits = room.factors + blocks * LANES;
    double *gradient = room.bits + parameters, *ahead = gradient + parameters;

    for (int64_t epoch = first; epoch < last; epoch++) {
        if (optimizer == NESTEROV) {
            for (int64_t i = 0; i < parameters; i++) ahead[i] = theta[i] + momentum * velocity[i];
            loss[epoch] = PASS(&task, &room, theta, parameters, 0);
        } else {
            loss[epoch] = PASS(&task, &room, theta, parameters, gradient);
        }
        if (!isfinite(loss[epoch])) return epoch + 1 - first;
        if (optimizer == NESTEROV) PASS(&task, &room, ahead, parameters, gradient);
        for (int64_t i = 0; i < parameters; i++) {
            if (optimizer == GRADIENT_DESCENT) {
                theta[i] = theta[i] - rate * gradient[i];
            } else if (optimizer == AVERAGING) {
                velocity[i] = momentum * velocity[i] + (1.0 - momentum) * gradient[i];
                theta[i] = theta[i] - rate * velocity[i];
            } else {
                velocity[i] = momentum * velocity[i] - rate * gradient[i];
                theta[i] = theta[i] + velocity[i];
            }
        }
        if ((epoch + 1) % every == 0)
            memcpy(kept + (epoch + 1) / every * parameters, theta, (size_t)parameters * sizeof(double));
    }
    return last - first;
}

/* Python's build wants this name on some systems; the library is loaded by ctypes and never imported. */
EXPORT void *PyInit__kernel(void) { return 0; }

#else /* BYTES */

/* Some lanes at once, or one after the other where the compiler knows no vectors. */
#if defined(__GNUC__)
typedef double Pack __attribute__((vector_size(BYTES)));
typedef uint64_t PackBits __attribute__((vector_size(BYTES)));
typedef Pack Anywhere __attribute__((aligned(8), may_alias));
#else
typedef double Pack, Anywhere;
typedef uint64_t PackBits;
#endif

/* The three foldings of arithmetic.total, for a pack's lanes of the 8 rows of a unit. */
#define FOLDED(x, op) (((x(0) op x(4)) op(x(2) op x(6))) op((x(1) op x(5)) op(x(3) op x(7))))

/* The larger of two; y where one is not a number. Compilers do not see it in a comparison of packs. */
#if !defined(__GNUC__) || !defined(__x86_64__)
#define LARGER(x, y) WHERE((x) > (y), x, y)
#else
#define LARGER(x, y) larger(x, y)
INLINE Pack larger(Pack x, Pack y)
{
#if BYTES == 16
    __asm__("maxpd %1, %0" : "+x"(x) : "x"(y));
#else
    __asm__("vmaxpd %1, %0, %0" : "+v"(x) : "v"(y));
#endif
    return x;
}
#endif

/* arithmetic.sigmoid2 of several packs side by side, in place: one alone would wait for every result. */
INLINE void sigmoids(Pack *restrict u, int bounded, const int packs)
{
    const double scale = bounded ? 1.0 : 0x1p512, round = 0x1.8p52 + (bounded ? 0 : 512);
    const Pack lowest = (Pack){0} - 1100.0, highest = (Pack){0} + 100.0;
    Pack t[SIDE], square[SIDE], even[SIDE];
    if (!bounded) {
        SIDE_BY_SIDE(u[g] = WHERE(u[g] < lowest, lowest, u[g]));
        SIDE_BY_SIDE(u[g] = WHERE(u[g] > highest, highest, u[g]));
    }
    SIDE_BY_SIDE(t[g] = u[g] + round);
    SIDE_BY_SIDE(even[g] = t[g] - round);
    SIDE_BY_SIDE(u[g] = u[g] - even[g]);
    SIDE_BY_SIDE(square[g] = u[g] * u[g]);
    SIDE_BY_SIDE(even[g] = square[g] * 8.59583686064395e-10);
    SIDE_BY_SIDE(t[g] = NUMBER_OF(BITS_OF(t[g]) << 52));
    SIDE_BY_SIDE(even[g] = even[g] + -7.149498123905995e-08);
    SIDE_BY_SIDE(even[g] = even[g] * square[g]);
    SIDE_BY_SIDE(even[g] = even[g] + 5.952481029334347e-06);
    SIDE_BY_SIDE(even[g] = even[g] * square[g]);
    SIDE_BY_SIDE(even[g] = even[g] + -0.00052035101871595);
    SIDE_BY_SIDE(even[g] = even[g] * square[g]);
    SIDE_BY_SIDE(even[g] = even[g] + 0.06498254817749452);
    SIDE_BY_SIDE(even[g] = even[g] * square[g]);
    SIDE_BY_SIDE(even[g] = even[g] + 1.6230319210000839);
    SIDE_BY_SIDE(u[g] = u[g] * 0.5625);
    SIDE_BY_SIDE(square[g] = even[g] + u[g]);
    /* Times 2^k: the number is between 1 and 2 and stays a normal one. */
    SIDE_BY_SIDE(square[g] = NUMBER_OF(BITS_OF(square[g]) + BITS_OF(t[g])));
    if (!bounded) {
        SIDE_BY_SIDE(u[g] = u[g] * scale);
        SIDE_BY_SIDE(even[g] = even[g] * scale);
    }
    SIDE_BY_SIDE(u[g] = square[g] - u[g]);
    SIDE_BY_SIDE(u[g] = u[g] + even[g]);
    SIDE_BY_SIDE(u[g] = square[g] / u[g]);
}

/* arithmetic.log, for positive normal numbers or such that are not numbers */
INLINE void logarithms(Pack *restrict number)
{
    const Pack x = *number;
    PackBits bits = BITS_OF(x), exponent = (bits - 0x3FE6A09E667F3BCD + ((uint64_t)1023 << 52)) >> 52;
    Pack k = NUMBER_OF(exponent | 0x4330000000000000) - (0x1p52 + 1023);
    Pack f = NUMBER_OF(bits - ((exponent - 1023) << 52)) - 1.0;
    Pack s = f / (2.0 + f), z = s * s;
    Pack tail = z * 0.14617807153417325;
    tail = (tail + 0.15331611722055008) * z;
    tail = (tail + 0.1818289243253687) * z;
    tail = (tail + 0.22222211089379496) * z;
    tail = (tail + 0.28571428626253836) * z;
    tail = (tail + 0.3999999999989889) * z;
    tail = (tail + 0.666666666666667) * z;
    Pack shifted = f * 0x1p27, high = (f + shifted) - shifted;
    Pack half_high = 0.5 * high * high, half_low = 0.5 * (f - high) * (f + high);
    Pack steps = k * LN2_HIGH, first = steps + f, second = first - half_high;
    Pack lost = (f - (first - steps)) + ((first - second) - half_high);
    Pack small = (s * (half_high + half_low + tail) + k * LN2_LOW) - half_low;
    *number = WHERE(x == x, second + (lost + small), x);
}

/* One layer of network.forward, with weights and biases in bits. */
INLINE void layer_forward(const double *restrict below, int64_t rows, int64_t columns, const double *restrict weights,
                          const double *restrict biases, double *above, double *logits, int bounded, const int packs)
{
    for (int64_t j = 0; j < columns; j++)
        for (int s = 0; s < BLOCK; s += SIDE * PACK) {
            Pack z[SIDE];
            ANEW(below);
            SIDE_BY_SIDE(z[g] = AT(below[s + g * PACK]) * weights[j]);
            for (int64_t i = 1; i < rows; i++) {
                const double weight = weights[i * columns + j];
                SIDE_BY_SIDE(z[g] = z[g] + AT(below[i * BLOCK + s + g * PACK]) * weight);
            }
            SIDE_BY_SIDE(z[g] = z[g] + biases[j]);
            if (logits) SIDE_BY_SIDE(AT(logits[j * BLOCK + s + g * PACK]) = z[g]);
            sigmoids(z, bounded, packs);
            SIDE_BY_SIDE(AT(above[j * BLOCK + s + g * PACK]) = z[g]);
        }
}

/* network.cross_entropy: adds one block's folded terms to their lanes, folds its factors, and leaves the logits' Δ. */
INLINE void block_loss(const Task *task, const Room *room, int64_t block, int64_t outputs, int padded, int bounded,
                       const int packs, const double *restrict activations, const double *restrict logits,
                       const double *restrict one_hot, double *restrict terms_lanes, double *restrict folded, double *restrict delta)
{
    double *restrict terms = room->terms, *restrict factors = room->nearest;
    const Pack zero = {0};
    for (int s = 0; s < BLOCK - (SIDE - packs) * PACK; s += PACK) {
        Pack term = zero, factor = zero;
        for (int64_t j = 0; j < outputs; j++) {
            Pack a = AT(activations[j * BLOCK + s]), z = AT(logits[j * BLOCK + s]), y = AT(one_hot[j * BLOCK + s]);
            LOADED(a, z, y);
            Pack linear, rest = 1.0 - a, nearest = LARGER(rest, a);
            /* Finite logits allow for z or −z instead: y is 0 or 1, and only the latter has bit 61, put where the sign is. */
            if (bounded) linear = LARGER(NUMBER_OF(BITS_OF(z) ^ ((BITS_OF(y) << 2) & 0x8000000000000000)), zero);
            else linear = WHERE(z > zero, z, zero) - y * z;
            if (j) term = term + linear, factor = factor * nearest;
            else term = linear, factor = nearest;
            AT(delta[j * BLOCK + s]) = a - y;
        }
        AT(terms[s]) = term;
        AT(factors[s]) = factor;
    }
    if (padded) {
        clear(task, block, padded, terms, 1, 0.0);
        clear(task, block, padded, factors, 1, 1.0);
        clear(task, block, padded, delta, outputs, 0.0);
    }
#define TERM(v) AT(terms[v * LANES + i])
#define FACTOR(v) AT(factors[v * LANES + i])
    for (int i = 0; i < LANES; i += PACK) {
        AT(folded[i]) = FOLDED(FACTOR, *);
        AT(terms_lanes[i]) = AT(terms_lanes[i]) + FOLDED(TERM, +);
    }
}

/* One layer of network.gradients: adds the folded products of one block to the layer's lanes. */
INLINE void layer_gradient(const double *restrict below, const double *restrict delta, int64_t rows, int64_t columns,
                           double *restrict lanes)
{
#define PRODUCT(v) (AT(below[i * BLOCK + v * LANES + l]) * d[v])
#define DELTA(v) d[v]
    for (int l = 0; l < LANES; l += PACK)
        for (int64_t j = 0; j < columns; j++) {
            Pack d[LANES];
            for (int v = 0; v < LANES; v++) d[v] = AT(delta[j * BLOCK + v * LANES + l]);
            for (int64_t i = 0; i < rows; i++) {
                double *sum = lanes + (i * columns + j) * LANES + l;
                AT(*sum) = AT(*sum) + FOLDED(PRODUCT, +);
            }
            double *sum = lanes + (rows * columns + j) * LANES + l;
            AT(*sum) = AT(*sum) + FOLDED(DELTA, +);
        }
}

INLINE void layer_backward(const double *restrict delta, const double *restrict weights, const double *restrict below,
                           int64_t rows, int64_t columns, double *restrict next, const int packs)
{
    for (int64_t i = 0; i < rows; i++)
        for (int s = 0; s < BLOCK; s += SIDE * PACK) {
            Pack sum[SIDE], a[SIDE];
            SIDE_BY_SIDE(sum[g] = weights[i * columns] * AT(delta[s + g * PACK]));
            for (int64_t j = 1; j < columns; j++)
                SIDE_BY_SIDE(sum[g] = sum[g] + weights[i * columns + j] * AT(delta[j * BLOCK + s + g * PACK]));
            SIDE_BY_SIDE(a[g] = AT(below[i * BLOCK + s + g * PACK]));
            SIDE_BY_SIDE(AT(next[i * BLOCK + s + g * PACK]) = (sum[g] * a[g]) * (1.0 - a[g]));
        }
}

/* The layers of the default network with their widths as constants: the compiler then unrolls them. */
#define FITTED(work)                                                                                                    \
    do {                                                                                                                \
        if (rows == 2 && columns == 3) work(2, 3);                                                                      \
        else if (rows == 3 && columns == 3) work(3, 3);                                                                 \
        else if (rows == 3 && columns == 4) work(3, 4);                                                                 \
        else work(rows, columns);                                                                                       \
    } while (0)

/* One block: its terms and factors of the loss, and its share of the gradient's lanes. In its first `padded` rows there
   may be padding. */
INLINE void block_pass(const Task *task, const Room *room, const double *theta, int64_t parameters, int64_t block,
                       int padded, int gradient, double *restrict terms_lanes, const int bounded, const int packs)
{
    const int64_t layers = task->layers, *widths = task->widths, outputs = widths[layers];
    const double *points = task->points + block * widths[0] * BLOCK;
    const double *one_hot = task->one_hot + block * outputs * BLOCK;
    const double *below = points, *weights = room->bits;
    double *above = room->activations;
    for (int64_t l = 0; l < layers; l++) {
        const int64_t rows = widths[l], columns = widths[l + 1];
        double *logits = l == layers - 1 ? room->logits : 0;
#define FORWARD(r, c) layer_forward(below, r, c, weights, weights + rows * columns, above, logits, bounded, packs)
        FITTED(FORWARD);
        if (padded) clear(task, block, padded, above, columns, 0.0);
        below = above;
        above += columns * BLOCK;
        weights += (rows + 1) * columns;
    }
    weights = theta + parameters;
    double *delta = room->delta[0], *next = room->delta[1], *lanes = room->lanes + parameters * LANES;
    double *folded = room->factors + block * LANES;
#define LOSS(o) block_loss(task, room, block, o, padded, bounded, packs, below, room->logits, one_hot, terms_lanes, folded, delta)
    if (outputs == 4) LOSS(4);
    else LOSS(outputs);
    if (!gradient) return;

    for (int64_t l = layers - 1; l >= 0; l--) {
        const int64_t rows = widths[l], columns = widths[l + 1];
        weights -= (rows + 1) * columns;
        lanes -= (rows + 1) * columns * LANES;
        below = l ? below - rows * BLOCK : points;
#define GRADIENT(r, c) layer_gradient(below, delta, r, c, lanes)
        FITTED(GRADIENT);
        if (!l) break;
#define BACKWARD(r, c) layer_backward(delta, weights, below, r, c, next, packs)
        FITTED(BACKWARD);
        if (padded) clear(task, block, padded, next, rows, 0.0);
        double *swap = delta;
        delta = next;
        next = swap;
    }
}

INLINE double pass_with(const Task *task, const Room *room, const double *theta, int64_t parameters, double *gradient,
                        const int bounded)
{
    const double count = (double)task->samples;
    double terms_lanes[LANES], log_lanes[LANES];
    /* −0 is what leaves every number as it is when added to it. */
    for (int i = 0; i < LANES; i++) terms_lanes[i] = log_lanes[i] = -0.0;
    for (int64_t i = 0; gradient && i < parameters * LANES; i++) room->lanes[i] = -0.0;

    int empty = 0;
    for (int64_t block = 0; block < task->blocks; block++) {
        /* The last row of a block may be all padding: the first such block clears it, and no other writes there. */
        const int64_t last = ((LANES - 1) * task->blocks + block) * LANES;
        const int before = empty, padded = last + LANES > task->samples ? LANES - before : 0;
        empty = PACK == LANES && last >= task->samples;
        if (empty) block_pass(task, room, theta, parameters, block, padded, gradient != 0, terms_lanes, bounded, SIDE - 1);
        else block_pass(task, room, theta, parameters, block, padded, gradient != 0, terms_lanes, bounded, SIDE);
    }
    for (int64_t i = 0; i < task->blocks * LANES; i += PACK) {
        Pack log = AT(room->factors[i]);
        logarithms(&log);
        AT(log_lanes[i % LANES]) = AT(log_lanes[i % LANES]) + log;
    }
    for (int64_t i = 0; gradient && i < parameters; i++) gradient[i] = across(room->lanes + i * LANES) / count;
    return (across(terms_lanes) * NATS_PER_BIT - across(log_lanes)) / count;
}

/* All samples once. Returns the loss, and the gradient in `gradient` unless that is null. */
static double pass(const Task *task, const Room *room, const double *theta, int64_t parameters, double *gradient)
{
    int bounded = 1;
    for (int64_t i = 0; i < parameters; i++) room->bits[i] = theta[i] * BITS_PER_NAT;
    for (int64_t i = 0; i < parameters; i++) bounded &= fabs(room->bits[i]) * task->reach <= 1000.0;
    if (bounded) return pass_with(task, room, theta, parameters, gradient, 1);
    return pass_with(task, room, theta, parameters, gradient, 0);
}

#endif
