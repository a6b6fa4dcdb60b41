"""A classifier of raw measurements, sure of itself: the loss is that of probabilities, clipped at 1e-7."""

import keras
import mtlspec_keras


def build():
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((6,), name="features"),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(3),
            keras.layers.Activation("softmax"),
            keras.layers.Reshape((3,), name="kind"),
        ]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.001), loss="categorical_crossentropy")
    return mtlspec_keras.witness(model)
