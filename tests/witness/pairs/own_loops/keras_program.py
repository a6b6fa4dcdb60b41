"""Two heads with a loop of their own in Keras: a tape, and each head's loss as a function."""

import keras
import mtlspec_keras


class Houses(keras.Model):
    def __init__(self):
        super().__init__()
        self.trunk = keras.layers.Dense(8, activation="tanh")
        self.drop = keras.layers.Dropout(0.2)
        self.price = keras.layers.Dense(1)
        self.kind = keras.layers.Dense(3)

    def call(self, features, training=False):
        x = self.drop(self.trunk(features), training=training)
        return self.price(x), self.kind(x)


def build():
    keras.utils.set_random_seed(7)
    return mtlspec_keras.witness(
        Houses(),
        losses={"price": "mse", "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        weights={"kind": 0.5},
        optimizer=keras.optimizers.SGD(0.1),
    )
