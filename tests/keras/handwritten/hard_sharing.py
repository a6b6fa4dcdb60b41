"""A Keras program as its user wrote it: one shared layer under two classifiers with integer labels.

python hard_sharing.py IN OUT: IN holds arrays x, digit, parity, batches and initial weights; OUT gets the losses of
each batch and the predictions at the end.

Two things serve the comparison alone. Keras computes in float64, and the betas of Adam are NumPy numbers: Keras rounds
a Python number to float32 on its way into beta ** step (0.9 by 2.4e-8), whatever the precision of the model.
"""

import sys

import keras
import numpy as np

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")

given = np.load(sys.argv[1])

x = keras.Input((64,), name="x")
shared = keras.layers.Dense(128, activation="relu", name="shared")(x)
digit = keras.layers.Dense(10, activation="softmax", name="digit")(shared)
parity = keras.layers.Dense(2, activation="softmax", name="parity")(shared)
model = keras.Model(x, [digit, parity])
for name in ("shared", "digit", "parity"):
    model.get_layer(name).set_weights([given[f"{name}/kernel"], given[f"{name}/bias"]])

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001, beta_1=np.float64(0.9), beta_2=np.float64(0.999)),
    loss=["sparse_categorical_crossentropy", "sparse_categorical_crossentropy"],
    metrics=[["accuracy"], ["accuracy"]],
)
losses = []
for rows in given["batches"]:
    model.reset_metrics()
    logs = model.train_on_batch(given["x"][rows], [given["digit"][rows], given["parity"][rows]], return_dict=True)
    losses.append([logs["digit_loss"], logs["parity_loss"]])
predictions = model.predict_on_batch(given["x"])
np.savez(sys.argv[2], losses=losses, digit=predictions[0], parity=predictions[1])
