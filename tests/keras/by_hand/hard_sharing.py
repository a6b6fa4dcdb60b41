"""The hard-sharing example as a Keras user writes it: one dense layer, two softmax heads, integer labels.

python hard_sharing.py IN OUT: IN holds arrays features, topic, sentiment, the order of the examples in each epoch and
initial weights; OUT gets the losses of each batch and the accuracies at the end.

Two things serve the comparison alone. Keras computes in float64, and the betas of Adam are NumPy numbers: Keras rounds
a Python number to float32 on its way into beta ** step (0.9 by 2.4e-8), whatever the precision of the model.
"""

import sys

import keras
import numpy as np

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")

given = np.load(sys.argv[1])

features = keras.Input((30,), name="features")
shared = keras.layers.Dense(128, activation="relu", name="shared")(features)
topic = keras.layers.Dense(5, activation="softmax", name="topic")(shared)
sentiment = keras.layers.Dense(2, activation="softmax", name="sentiment")(shared)
model = keras.Model(features, [topic, sentiment])
for name in ("shared", "topic", "sentiment"):
    model.get_layer(name).set_weights([given[f"{name}/kernel"], given[f"{name}/bias"]])

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001, beta_1=np.float64(0.9), beta_2=np.float64(0.999)),
    loss=["sparse_categorical_crossentropy", "sparse_categorical_crossentropy"],
    loss_weights=[1.0, 0.5],
    metrics=[["accuracy"], ["accuracy"]],
)
losses = []
for order in given["order"]:
    for start in range(0, len(order), 32):
        rows = order[start : start + 32]
        model.reset_metrics()
        logs = model.train_on_batch(
            given["features"][rows], [given["topic"][rows], given["sentiment"][rows]], return_dict=True
        )
        losses.append([logs["topic_loss"], logs["sentiment_loss"]])
scores = model.test_on_batch(given["features"], [given["topic"], given["sentiment"]], return_dict=True)
np.savez(sys.argv[2], losses=losses, topic=scores["topic_accuracy"], sentiment=scores["sentiment_accuracy"])
