/* As many additions and multiplications as one core can do: independent, of the widest vectors, never fused. */

#if defined(__AVX512F__)
enum { WIDTH = 8, CHAINS = 10 };
#elif defined(__AVX__)
enum { WIDTH = 4, CHAINS = 6 };
#else
enum { WIDTH = 2, CHAINS = 6 };
#endif
typedef double Vector __attribute__((vector_size(WIDTH * sizeof(double))));

/* Returns the number of operations done; `factor` is 1 and `term` small, which the compiler cannot know. */
long peak(long rounds, double factor, double term, double *result)
{
    Vector product[CHAINS], sum[CHAINS], f = {0}, t = {0}, all = {0};
    f += factor;
    t += term;
    for (int k = 0; k < CHAINS; k++) product[k] = sum[k] = f * (double)(k + 1);
    for (long round = 0; round < rounds; round++)
        for (int k = 0; k < CHAINS; k++) {
            product[k] *= f;
            sum[k] += t;
        }
    for (int k = 0; k < CHAINS; k++) all += product[k] + sum[k];
    *result = all[0];
    return rounds * 2 * CHAINS * WIDTH;
}
