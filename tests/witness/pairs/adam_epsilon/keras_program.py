"""Two heads under Adam as Keras has it: epsilon 1e-7, before the bias is corrected."""

import keras
import mtlspec_keras


def build():
    keras.utils.set_random_seed(7)
    features = keras.Input((6,), name="features")
    x = keras.layers.Dense(8, activation="tanh")(features)
    x = keras.layers.Dense(8, activation="tanh")(x)
    price = keras.layers.Dense(1, name="price")(x)
    kind = keras.layers.Dense(3, name="kind")(x)
    model = keras.Model(features, [price, kind])
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=["mse", keras.losses.SparseCategoricalCrossentropy(from_logits=True)],
    )
    return mtlspec_keras.witness(model)
