"""The two-input, two-output example as a Keras user writes it; the second input is not read.

python two_outputs.py IN OUT: IN holds arrays first, second, classification (one-hot), regression, the order of the
examples in each epoch and initial weights; OUT gets the losses of each batch and the evaluation at the end.

Two things serve the comparison alone. Keras computes in float64, and the betas of Adam are NumPy numbers: Keras rounds
a Python number to float32 on its way into beta ** step (0.9 by 2.4e-8), whatever the precision of the model.
"""

import sys

import keras
import numpy as np

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")

given = np.load(sys.argv[1])

first = keras.Input((50,), name="first")
second = keras.Input((100,), name="second")
shared = keras.layers.Dense(64, activation="relu", name="shared")(first)
classification = keras.layers.Dense(10, activation="softmax", name="classification")(shared)
regression = keras.layers.Dense(1, name="regression")(shared)
model = keras.Model([first, second], [classification, regression])
for name in ("shared", "classification", "regression"):
    model.get_layer(name).set_weights([given[f"{name}/kernel"], given[f"{name}/bias"]])

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001, beta_1=np.float64(0.9), beta_2=np.float64(0.999)),
    loss=["categorical_crossentropy", "mse"],
    metrics=[["accuracy"], ["mae"]],
)
losses = []
for order in given["order"]:
    for start in range(0, len(order), 32):
        rows = order[start : start + 32]
        model.reset_metrics()
        logs = model.train_on_batch(
            [given["first"][rows], given["second"][rows]],
            [given["classification"][rows], given["regression"][rows]],
            return_dict=True,
        )
        losses.append([logs["classification_loss"], logs["regression_loss"]])
scores = model.test_on_batch(
    [given["first"], given["second"]], [given["classification"], given["regression"]], return_dict=True
)
np.savez(
    sys.argv[2],
    losses=losses,
    accuracy=scores["classification_accuracy"],
    mean_absolute_error=scores["regression_mae"],
)
