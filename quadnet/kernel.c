/* The compiled twin of the training loop: the operations of arithmetic.py, network.py and optimizers.py in the same order,
   hence the same bits. Compile with -ffp-contract=off: a fused multiply-add rounds once where two operations round twice.

   Samples are worked in blocks of 64, which the caller has laid out as `total` folds them: lane i of row v of block b is
   sample v·N/8 + 8b + i, for N padded samples. Every array of 64 numbers below holds 8 rows of 8 lanes of one unit. */

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

/* GCC compiles the marked function once for each instruction set and picks one when the library is loaded; the tests
   define the mark as nothing to have one instruction set alone. */
#if defined(EVERY_PROCESSOR)
#elif defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define EVERY_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_PROCESSOR
#endif
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

/* How a double's bits are read and written. */
INLINE uint64_t bits_of(double x) { uint64_t bits; memcpy(&bits, &x, 8); return bits; }
INLINE double number_of(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }

static const double LN2_PER_STEP = 1.4426950408889634, LN2_HIGH = 0.693147180559663, LN2_LOW = 2.8235290563031577e-13;

/* 8 lanes at once, or one after the other where the compiler knows no vectors. */
#if defined(__GNUC__)
typedef double Pack __attribute__((vector_size(64)));
typedef uint64_t PackBits __attribute__((vector_size(64)));
#define POWER_OF_TWO(t) ((Pack)((PackBits)(t) << 52))
#else
typedef double Pack;
#define POWER_OF_TWO(t) number_of(bits_of(t) << 52)
#endif
enum { PACK = sizeof(Pack) / sizeof(double), SIDE = 8 };
#define SIDE_BY_SIDE(statement) do { for (int g = 0; g < SIDE; g++) { statement; } } while (0)

/* arithmetic.sigmoid of the 64 numbers z of a unit: every operation for several packs side by side, since one alone would
   wait for the result of the one before. */
INLINE void sigmoids(const double *restrict z, double *restrict result, int bounded)
{
    const double scale = bounded ? 1.0 : 0x1p512, round = 0x1.8p52 + 1023 + (bounded ? 0 : 512);
    double clipped[BLOCK];
    for (int s = 0; !bounded && s < BLOCK; s++) {
        double x = z[s] < -746.0 ? -746.0 : z[s];
        clipped[s] = x > 100.0 ? 100.0 : x;
    }
    for (int s = 0; s < BLOCK; s += SIDE * PACK) {
        Pack t[SIDE], r[SIDE], square[SIDE], even[SIDE];
        memcpy(r, (bounded ? z : clipped) + s, sizeof r);
        SIDE_BY_SIDE(t[g] = r[g] * LN2_PER_STEP);
        SIDE_BY_SIDE(t[g] = t[g] + round);
        SIDE_BY_SIDE(even[g] = t[g] - round);
        SIDE_BY_SIDE(square[g] = even[g] * LN2_HIGH);
        SIDE_BY_SIDE(even[g] = even[g] * LN2_LOW);
        SIDE_BY_SIDE(r[g] = r[g] - square[g]);
        SIDE_BY_SIDE(r[g] = r[g] - even[g]);
        SIDE_BY_SIDE(r[g] = r[g] * 0.8);
        SIDE_BY_SIDE(square[g] = r[g] * r[g]);
        SIDE_BY_SIDE(even[g] = square[g] * 3.087327729477532e-07);
        SIDE_BY_SIDE(t[g] = POWER_OF_TWO(t[g]));
        SIDE_BY_SIDE(even[g] = even[g] + -7.884053947876835e-06);
        SIDE_BY_SIDE(even[g] = even[g] * square[g]);
        SIDE_BY_SIDE(even[g] = even[g] + 0.00020183582981207944);
        SIDE_BY_SIDE(even[g] = even[g] * square[g]);
        SIDE_BY_SIDE(even[g] = even[g] + -0.005425347222180413);
        SIDE_BY_SIDE(even[g] = even[g] * square[g]);
        SIDE_BY_SIDE(even[g] = even[g] + 0.20833333333333323);
        SIDE_BY_SIDE(even[g] = even[g] * square[g]);
        SIDE_BY_SIDE(even[g] = even[g] + 1.6);
        SIDE_BY_SIDE(square[g] = even[g] + r[g]);
        SIDE_BY_SIDE(square[g] = square[g] * t[g]);
        if (!bounded) {
            SIDE_BY_SIDE(r[g] = r[g] * scale);
            SIDE_BY_SIDE(even[g] = even[g] * scale);
        }
        SIDE_BY_SIDE(r[g] = square[g] - r[g]);
        SIDE_BY_SIDE(r[g] = r[g] + even[g]);
        SIDE_BY_SIDE(r[g] = square[g] / r[g]);
        memcpy(result + s, r, sizeof r);
    }
}

/* arithmetic.log, for a positive normal number or one that is not a number */
INLINE double logarithm(double x)
{
    uint64_t bits = bits_of(x), moved = bits - 0x3FE6A09E667F3BCD + ((uint64_t)1023 << 52);
    uint64_t exponent = moved >> 52;
    double k = number_of(exponent | 0x4330000000000000) - (0x1p52 + 1023);
    double f = number_of(bits - ((exponent - 1023) << 52)) - 1.0;
    double s = f / (2.0 + f), z = s * s;
    double tail = 0.14617807153417325;
    tail = tail * z + 0.15331611722055008;
    tail = tail * z + 0.1818289243253687;
    tail = tail * z + 0.22222211089379496;
    tail = tail * z + 0.28571428626253836;
    tail = tail * z + 0.3999999999989889;
    tail = tail * z + 0.666666666666667;
    tail = tail * z;
    double shifted = f * 0x1p27, high = (f + shifted) - shifted;
    double half_high = 0.5 * high * high, half_low = 0.5 * (f - high) * (f + high);
    double steps = k * LN2_HIGH, first = steps + f, second = first - half_high;
    double lost = (f - (first - steps)) + ((first - second) - half_high);
    double small = (s * (half_high + half_low + tail) + k * LN2_LOW) - half_low;
    double result = second + (lost + small);
    return x == x ? result : x;
}

/* The three foldings of arithmetic.total, for lane i of one unit's block. */
#define FOLDED(x, i, op)                                                                                                \
    (((x(i) op x(i + 32)) op(x(i + 16) op x(i + 48))) op((x(i + 8) op x(i + 40)) op(x(i + 24) op x(i + 56))))

/* The last three foldings of arithmetic.total. */
static double across(const double *lanes)
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

typedef struct {
    int64_t layers;          /* weight matrices */
    const int64_t *widths;   /* units of every layer, layers + 1 numbers */
    int64_t samples;         /* without padding */
    int64_t blocks;
    const double *points;    /* (blocks, inputs, BLOCK) */
    const double *one_hot;   /* (blocks, outputs, BLOCK) */
    double reach;            /* no logit is larger than this times the largest parameter */
} Task;

/* Room for one pass, cut out of the caller's workspace. */
typedef struct {
    double *activations; /* (units of all layers, BLOCK) */
    double *logits;      /* (outputs, BLOCK) */
    double *delta[2];    /* (units of the widest layer, BLOCK) */
    double *lanes;       /* (parameters, LANES): the sums of the gradient on their way */
} Room;

/* Sets padding to the given value. */
INLINE void clear(const Task *task, int64_t block, double *restrict rows, int64_t units, double value)
{
    for (int64_t v = 0; v < LANES; v++) {
        int64_t real = task->samples - (v * task->blocks + block) * LANES;
        for (int64_t u = 0; real < LANES && u < units; u++)
            for (int64_t i = real > 0 ? real : 0; i < LANES; i++) rows[u * BLOCK + v * LANES + i] = value;
    }
}

/* One layer of network.forward. */
INLINE void layer_forward(const double *restrict below, int64_t rows, int64_t columns, const double *restrict weights,
                          const double *restrict biases, double *restrict above, double *restrict logits,
                          int bounded)
{
    for (int64_t j = 0; j < columns; j++) {
        double z[BLOCK];
        for (int s = 0; s < BLOCK; s++) z[s] = below[s] * weights[j];
        for (int64_t i = 1; i < rows; i++) {
            const double weight = weights[i * columns + j];
            for (int s = 0; s < BLOCK; s++) z[s] += below[i * BLOCK + s] * weight;
        }
        for (int s = 0; s < BLOCK; s++) z[s] += biases[j];
        if (logits)
            for (int s = 0; s < BLOCK; s++) logits[j * BLOCK + s] = z[s];
        sigmoids(z, above + j * BLOCK, bounded);
    }
}

/* network.cross_entropy: adds one block's folded terms and logarithms to their lanes. */
INLINE void block_loss(const Task *task, int64_t block, int64_t outputs, const double *restrict activations,
                       const double *restrict logits, const double *restrict one_hot, double *restrict terms_lanes,
                       double *restrict log_lanes)
{
    double terms[BLOCK], factors[BLOCK];
    for (int64_t j = 0; j < outputs; j++)
        for (int s = 0; s < BLOCK; s++) {
            double a = activations[j * BLOCK + s], z = logits[j * BLOCK + s];
            double linear = (z > 0.0 ? z : 0.0) - one_hot[j * BLOCK + s] * z;
            double nearest = a < 1.0 - a ? 1.0 - a : a;
            terms[s] = j ? terms[s] + linear : linear;
            factors[s] = j ? factors[s] * nearest : nearest;
        }
    clear(task, block, terms, 1, 0.0);
    clear(task, block, factors, 1, 1.0);
#define TERM(i) terms[i]
#define FACTOR(i) factors[i]
    for (int i = 0; i < LANES; i++) {
        terms_lanes[i] += FOLDED(TERM, i, +);
        log_lanes[i] += logarithm(FOLDED(FACTOR, i, *));
    }
}

/* One layer of network.gradients: adds the folded products of one block to the layer's lanes. */
INLINE void layer_gradient(const double *restrict below, const double *restrict delta, int64_t rows, int64_t columns,
                           double *restrict lanes)
{
#define PRODUCT(s) (a[s] * d[s])
#define DELTA(s) d[s]
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double *restrict a = below + i * BLOCK, *restrict d = delta + j * BLOCK;
            for (int l = 0; l < LANES; l++) lanes[(i * columns + j) * LANES + l] += FOLDED(PRODUCT, l, +);
        }
    for (int64_t j = 0; j < columns; j++) {
        const double *restrict d = delta + j * BLOCK;
        for (int l = 0; l < LANES; l++) lanes[(rows * columns + j) * LANES + l] += FOLDED(DELTA, l, +);
    }
}

INLINE void layer_backward(const double *restrict delta, const double *restrict weights, const double *restrict below,
                           int64_t rows, int64_t columns, double *restrict next)
{
    for (int64_t i = 0; i < rows; i++) {
        double sum[BLOCK];
        for (int s = 0; s < BLOCK; s++) sum[s] = weights[i * columns] * delta[s];
        for (int64_t j = 1; j < columns; j++)
            for (int s = 0; s < BLOCK; s++) sum[s] += weights[i * columns + j] * delta[j * BLOCK + s];
        for (int s = 0; s < BLOCK; s++) {
            double a = below[i * BLOCK + s];
            next[i * BLOCK + s] = (sum[s] * a) * (1.0 - a);
        }
    }
}

/* All samples once. Returns the loss, and the gradient in `gradient` unless that is null. */
/* The layers of the default network with their widths as constants: the compiler then unrolls them. */
#define FITTED(work)                                                                                                    \
    do {                                                                                                                \
        if (rows == 2 && columns == 3) work(2, 3);                                                                      \
        else if (rows == 3 && columns == 3) work(3, 3);                                                                 \
        else if (rows == 3 && columns == 4) work(3, 4);                                                                 \
        else work(rows, columns);                                                                                       \
    } while (0)

INLINE double pass_with(const Task *task, const Room *room, const double *theta, int64_t parameters, double *gradient,
                        const int bounded)
{
    const int64_t layers = task->layers, *widths = task->widths, outputs = widths[layers];
    const double count = (double)task->samples;
    double terms_lanes[LANES], log_lanes[LANES];
    /* −0 is what leaves every number as it is when added to it. */
    for (int i = 0; i < LANES; i++) terms_lanes[i] = log_lanes[i] = -0.0;
    for (int64_t i = 0; gradient && i < parameters * LANES; i++) room->lanes[i] = -0.0;

    for (int64_t block = 0; block < task->blocks; block++) {
        const int partial = ((LANES - 1) * task->blocks + block + 1) * LANES > task->samples;
        double *below = room->activations;
        const double *weights = theta;
        memcpy(below, task->points + block * widths[0] * BLOCK, (size_t)widths[0] * BLOCK * sizeof(double));
        for (int64_t l = 0; l < layers; l++) {
            const int64_t rows = widths[l], columns = widths[l + 1];
            double *above = below + rows * BLOCK;
            double *logits = l == layers - 1 ? room->logits : 0;
#define FORWARD(r, c) layer_forward(below, r, c, weights, weights + rows * columns, above, logits, bounded)
            FITTED(FORWARD);
            if (partial) clear(task, block, above, columns, 0.0);
            below = above;
            weights += (rows + 1) * columns;
        }
        const double *one_hot = task->one_hot + block * outputs * BLOCK;
        block_loss(task, block, outputs, below, room->logits, one_hot, terms_lanes, log_lanes);
        if (!gradient) continue;

        double *delta = room->delta[0], *next = room->delta[1], *lanes = room->lanes + parameters * LANES;
        for (int64_t s = 0; s < outputs * BLOCK; s++) delta[s] = below[s] - one_hot[s];
        if (partial) clear(task, block, delta, outputs, 0.0);
        for (int64_t l = layers - 1; l >= 0; l--) {
            const int64_t rows = widths[l], columns = widths[l + 1];
            weights -= (rows + 1) * columns;
            lanes -= (rows + 1) * columns * LANES;
            below -= rows * BLOCK;
#define GRADIENT(r, c) layer_gradient(below, delta, r, c, lanes)
            FITTED(GRADIENT);
            if (!l) break;
#define BACKWARD(r, c) layer_backward(delta, weights, below, r, c, next)
            FITTED(BACKWARD);
            if (partial) clear(task, block, next, rows, 0.0);
            double *swap = delta;
            delta = next;
            next = swap;
        }
    }
    for (int64_t i = 0; gradient && i < parameters; i++) gradient[i] = across(room->lanes + i * LANES) / count;
    return (across(terms_lanes) - across(log_lanes)) / count;
}

EVERY_PROCESSOR
static double pass(const Task *task, const Room *room, const double *theta, int64_t parameters, double *gradient)
{
    int bounded = 1;
    for (int64_t i = 0; i < parameters; i++) bounded &= fabs(theta[i]) * task->reach <= 600.0;
    if (bounded) return pass_with(task, room, theta, parameters, gradient, 1);
    return pass_with(task, room, theta, parameters, gradient, 0);
}

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
EXPORT int64_t quadnet_room(int64_t layers, const int64_t *widths)
{
    int64_t units, widest, parameters = parameters_of(layers, widths, &units, &widest);
    return (units + widths[layers] + 2 * widest) * BLOCK + parameters * (LANES + 2) + LANES;
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
    room.delta[0] = room.logits + widths[layers] * BLOCK;
    room.delta[1] = room.delta[0] + widest * BLOCK;
    room.lanes = room.delta[1] + widest * BLOCK;
    double *gradient = room.lanes + parameters * LANES, *ahead = gradient + parameters;

    for (int64_t epoch = first; epoch < last; epoch++) {
        if (optimizer == NESTEROV) {
            for (int64_t i = 0; i < parameters; i++) ahead[i] = theta[i] + momentum * velocity[i];
            loss[epoch] = pass(&task, &room, theta, parameters, 0);
        } else {
            loss[epoch] = pass(&task, &room, theta, parameters, gradient);
        }
        if (!isfinite(loss[epoch])) return epoch + 1 - first;
        if (optimizer == NESTEROV) pass(&task, &room, ahead, parameters, gradient);
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
