"""A Keras program as its user wrote it: two inputs (one of them not used yet), a class and a number.

python two_outputs.py IN OUT: IN holds arrays x, unused, classes (one-hot), number, batches and initial weights; OUT
gets the losses of each batch and the predictions at the end.

Two things serve the comparison alone. Keras computes in float64, and the betas of Adam are NumPy numbers: Keras rounds
a Python number to float32 on its way into beta ** step (0.9 by 2.4e-8), whatever the precision of the model.
"""

import sys

import keras
import numpy as np

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")

given = np.load(sys.argv[1])

x = keras.Input((50,), name="x")
unused = keras.Input((100,), name="unused")
hidden = keras.layers.Dense(64, activation="relu", name="hidden")(x)
classes = keras.layers.Dense(10, activation="softmax", name="classes")(hidden)
number = keras.layers.Dense(1, name="number")(hidden)
model = keras.Model([x, unused], [classes, number])
for name in ("hidden", "classes", "number"):
    model.get_layer(name).set_weights([given[f"{name}/kernel"], given[f"{name}/bias"]])

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001, beta_1=np.float64(0.9), beta_2=np.float64(0.999)),
    loss=["categorical_crossentropy", "mse"],
    metrics=[["accuracy"], ["mae"]],
)
losses = []
for rows in given["batches"]:
    model.reset_metrics()
    logs = model.train_on_batch(
        [given["x"][rows], given["unused"][rows]], [given["classes"][rows], given["number"][rows]], return_dict=True
    )
    losses.append([logs["classes_loss"], logs["number_loss"]])
predictions = model.predict_on_batch([given["x"], given["unused"]])
scores = model.test_on_batch([given["x"], given["unused"]], [given["classes"], given["number"]], return_dict=True)
np.savez(
    sys.argv[2],
    losses=losses,
    classes=predictions[0],
    number=predictions[1],
    accuracy=scores["classes_accuracy"],
    mean_absolute_error=scores["number_mae"],
)
