/* The default network's training as a C programmer would write it who does not mind the bits: fixed widths, samples in
   pieces that fit the cache, loops that compilers vectorise, the library's exp and log, any order of the sums. */

#include <math.h>
#include <string.h>

enum { INPUTS = 2, FIRST = 3, SECOND = 3, OUTPUTS = 4, PIECE = 160 };
typedef double Rows[OUTPUTS][PIECE];

static inline void forward(int rows, int columns, const double *w, const double (*below)[PIECE], double (*z)[PIECE],
                           double (*above)[PIECE])
{
    for (int j = 0; j < columns; j++) {
        for (int s = 0; s < PIECE; s++) z[j][s] = w[rows * columns + j];
        for (int i = 0; i < rows; i++)
            for (int s = 0; s < PIECE; s++) z[j][s] += below[i][s] * w[i * columns + j];
        for (int s = 0; s < PIECE; s++) above[j][s] = 1 / (1 + exp(-z[j][s]));
    }
}

static inline void backward(int rows, int columns, const double *w, double *slope, const double (*below)[PIECE],
                            const double (*delta)[PIECE], double (*lower)[PIECE])
{
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
            double sum = 0;
            for (int s = 0; s < PIECE; s++) sum += below[i][s] * delta[j][s];
            slope[i * columns + j] += sum;
        }
        double sum = 0;
        for (int s = 0; s < PIECE; s++) sum += delta[j][s];
        slope[rows * columns + j] += sum;
    }
    for (int i = 0; lower && i < rows; i++) {
        for (int s = 0; s < PIECE; s++) lower[i][s] = 0;
        for (int j = 0; j < columns; j++)
            for (int s = 0; s < PIECE; s++) lower[i][s] += delta[j][s] * w[i * columns + j];
        for (int s = 0; s < PIECE; s++) lower[i][s] *= below[i][s] * (1 - below[i][s]);
    }
}

/* x is (INPUTS, n), y is (OUTPUTS, n), n a multiple of PIECE; θ as in quadnet. */
void train(const double *x, const double *y, long n, long epochs, double rate, double *theta, double *loss)
{
    enum { AT2 = (INPUTS + 1) * FIRST, AT3 = AT2 + (FIRST + 1) * SECOND, ALL = AT3 + (SECOND + 1) * OUTPUTS };
    for (long epoch = 0; epoch < epochs; epoch++) {
        double slope[ALL] = {0}, sum = 0;
        for (long at = 0; at < n; at += PIECE) {
            Rows a0, a1, a2, a3, z, d1, d2, d3;
            for (int i = 0; i < INPUTS; i++) memcpy(a0[i], x + i * n + at, sizeof a0[i]);
            forward(INPUTS, FIRST, theta, a0, z, a1);
            forward(FIRST, SECOND, theta + AT2, a1, z, a2);
            forward(SECOND, OUTPUTS, theta + AT3, a2, z, a3);
            for (int j = 0; j < OUTPUTS; j++)
                for (int s = 0; s < PIECE; s++) {
                    double hit = y[j * n + at + s];
                    sum -= log(hit * a3[j][s] + (1 - hit) * (1 - a3[j][s]));
                    d3[j][s] = a3[j][s] - hit;
                }
            backward(SECOND, OUTPUTS, theta + AT3, slope + AT3, a2, d3, d2);
            backward(FIRST, SECOND, theta + AT2, slope + AT2, a1, d2, d1);
            backward(INPUTS, FIRST, theta, slope, a0, d1, 0);
        }
        loss[epoch] = sum / n;
        for (int k = 0; k < ALL; k++) theta[k] -= rate * slope[k] / n;
    }
}
