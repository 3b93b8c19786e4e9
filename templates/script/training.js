/* quadnet/training.py and optimizers.py for the page. */

class Training {
  /**
   * @param {object} settings - `data` for `quadrants`, `network` for `initial`, and `training` with `optimizer`, `rate` α
   *   and `momentum` β.
   */
  constructor({ data, network, training }) {
    const { points, labels } = quadrants(data);
    this.network = new Network(network.widths, points, labels);
    this.theta = initial(network);
    this.velocity = new Float64Array(this.theta.length);
    this.ahead = new Float64Array(this.theta.length);
    this.rule = training;
  }

  /** One epoch; returns the loss before its update, which is left out where the loss is not finite. */
  epoch() {
    const { network, theta, velocity, ahead } = this;
    const { optimizer, rate, momentum } = this.rule;
    network.forward(theta);
    const loss = network.loss();
    if (!Number.isFinite(loss)) return loss;
    if (optimizer === "nesterov") {
      for (let i = 0; i < theta.length; i++) ahead[i] = theta[i] + momentum * velocity[i];
      network.forward(ahead);
      network.backward(ahead);
    } else network.backward(theta);
    const gradient = network.gradient;
    for (let i = 0; i < theta.length; i++)
      if (optimizer === "gradient_descent") theta[i] = theta[i] - rate * gradient[i];
      else if (optimizer === "averaging") {
        velocity[i] = momentum * velocity[i] + (1 - momentum) * gradient[i];
        theta[i] = theta[i] - rate * velocity[i];
      } else {
        velocity[i] = momentum * velocity[i] - rate * gradient[i];
        theta[i] = theta[i] + velocity[i];
      }
    return loss;
  }
}
