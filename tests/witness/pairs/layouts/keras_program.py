"""Layers whose kernels the frameworks store in different orders, two inputs, and no optimizer."""

import keras
import mtlspec_keras


def build():
    keras.utils.set_random_seed(7)
    image = keras.Input((8, 8, 1), name="image")
    place = keras.Input((), dtype="int32", name="place")
    x = keras.layers.Conv2D(3, 3, strides=2)(image)
    x = keras.layers.DepthwiseConv2D(2, depth_multiplier=2)(x)
    x = keras.layers.GroupNormalization(groups=2, epsilon=1e-5)(x)
    x = keras.layers.Conv2DTranspose(5, 2, strides=2)(x)
    x = keras.layers.PReLU(shared_axes=[1, 2])(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Concatenate()([x, keras.layers.Embedding(4, 3)(place)])
    x = keras.layers.LayerNormalization(epsilon=1e-5)(x)
    model = keras.Model([image, place], keras.layers.Dense(4, name="digit")(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return mtlspec_keras.witness(model, losses={"digit": loss}, inputs=["image", "place"])
