"""Batch normalization: the running variance follows that of the batch."""

import keras
import mtlspec_keras


def build():
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(image)
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    x = keras.layers.Activation("tanh")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(8, activation="tanh")(x)
    digit = keras.layers.Dense(4, name="digit")(x)
    slant = keras.layers.Dense(1, name="slant")(x)
    model = keras.Model(image, {"digit": digit, "slant": slant})
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss={"digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "slant": "mse"},
        loss_weights={"digit": 1.0, "slant": 0.5},
    )
    return mtlspec_keras.witness(model)
